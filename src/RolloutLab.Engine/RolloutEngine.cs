using System.Diagnostics;
using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>
/// Generates sequences with continuous batching on paged KV memory: schedule, run, take the drawn tokens, until all are
/// finished. What a sequence draws depends on its prompt, its stream and the model only, never on what runs beside it,
/// and so does every branch. One run at a time; not thread-safe.
/// </summary>
public sealed class RolloutEngine
{
    private readonly IModelRunner _runner;
    private readonly EngineOptions _options;
    private readonly KvBlockPool _pool;
    private readonly StepBuilder _builder;
    private readonly StepExecutor _executor;
    private bool _isRunning;

    /// <summary>Creates an engine that has the runner's KV blocks to itself.</summary>
    /// <param name="runner">The model; the caller owns it.</param>
    /// <param name="options">Limits of a step.</param>
    public RolloutEngine(IModelRunner runner, EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxTokensPerStep);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxRunningSequences);
        _runner = runner;
        _options = options;
        _pool = new KvBlockPool(runner.BlockCount, runner.BlockSize);
        _builder = new StepBuilder(runner.BlockSize);
        _executor = new StepExecutor(runner, _builder);
    }

    /// <summary>Begins a run that takes groups while others are generated.</summary>
    /// <param name="topTokens">How many of the most probable tokens the groups' branch policies look at.</param>
    /// <returns>The run; the caller disposes it, which frees the KV memory for the next one.</returns>
    /// <exception cref="InvalidOperationException">Another run has not been disposed.</exception>
    public EngineRun Begin(int topTokens)
    {
        if (_isRunning)
        {
            throw new InvalidOperationException("The engine has a run already; dispose it before the next one begins.");
        }

        _isRunning = true;
        _pool.ResetPeak();
        _runner.Prepare();
        _builder.Step.TopCount = topTokens;
        return new EngineRun(_pool, _builder, _executor, _options, Admit, () => _isRunning = false);
    }

    /// <summary>Checks that a group can run and tells it its place.</summary>
    private void Admit(SequenceGroup group, int order)
    {
        if (group.Order >= 0)
        {
            throw new ArgumentException(
                $"The group of prompt '{group.PromptId}' was given to an engine before; create a new one.", nameof(group));
        }

        CheckPrompt(group);
        group.Order = order;
        group.AdmittedAt = Stopwatch.GetTimestamp();
        group.MaxNewTokens = Math.Min(group.Sampling.MaxNewTokens, _runner.MaxPositions - group.PromptTokenIds.Length);

        // The last token drawn is never computed, so it needs no slot.
        var slots = group.PromptTokenIds.Length + group.MaxNewTokens - 1;
        if (_pool.BlocksFor(slots) > _pool.BlockCount)
        {
            throw new KvCacheExhaustedException(
                $"prompt '{group.PromptId}': {group.PromptTokenIds.Length} prompt and {group.MaxNewTokens} new tokens need "
                + $"{slots} KV slots, but the cache has {_pool.BlockCount * _pool.BlockSize}; set engine.kv_tokens to at least "
                + $"{_pool.BlocksFor(slots) * _pool.BlockSize} or lower rollout.max_new_tokens");
        }
    }

    private void CheckPrompt(SequenceGroup group)
    {
        var prompt = group.PromptTokenIds;
        if (prompt.Length > _runner.MaxPositions - 1)
        {
            throw new DataException(
                $"prompt '{group.PromptId}': {prompt.Length} tokens, but a model of {_runner.MaxPositions} positions takes at most "
                + $"{_runner.MaxPositions - 1}; shorten or leave out the prompt, or use a model with a longer context");
        }

        foreach (var token in prompt)
        {
            if ((uint)token >= (uint)_runner.VocabularySize)
            {
                throw new DataException(
                    $"prompt '{group.PromptId}': token id {token} is outside the model's vocabulary of {_runner.VocabularySize}; "
                    + "use the tokenizer the model was trained with");
            }
        }
    }
}
