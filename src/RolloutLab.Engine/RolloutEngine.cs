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
    private readonly List<SequenceGroup> _moved = [];
    private readonly List<SequenceGroup> _undecided = [];
    private SampledToken[] _sampled = [];

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
    }

    /// <summary>Generates every sequence of some groups to its end; the tokens are then in the groups' sequences.</summary>
    /// <param name="groups">The groups, each new; the first ones run first.</param>
    /// <param name="topTokens">How many of the most probable tokens the groups' branch policies look at.</param>
    /// <param name="progress">Told the number of finished sequences after each step that raised it; may be null.</param>
    /// <param name="cancellation">Stops between steps with <see cref="OperationCanceledException"/>; the KV memory is free again.</param>
    /// <returns>What it cost.</returns>
    /// <exception cref="DataException">A prompt leaves no room for a response in the model's context, or has an unknown token.</exception>
    /// <exception cref="KvCacheExhaustedException">The KV memory cannot hold one sequence of the greatest length asked for.</exception>
    /// <exception cref="ArgumentException">A group was given to an engine before.</exception>
    public RolloutStatistics Run(
        IReadOnlyList<SequenceGroup> groups, int topTokens, IProgress<int>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(groups);
        for (var order = 0; order < groups.Count; order++)
        {
            Admit(groups[order], order);
        }

        foreach (var group in groups)
        {
            group.Grower.Start(group.Tree);
        }

        _pool.ResetPeak();
        _builder.Step.TopCount = topTokens;
        var scheduler = new Scheduler(_pool, _builder, _options, groups);
        try
        {
            var statistics = Loop(scheduler, groups, progress, cancellation);
            CheckLeaves(groups);
            return statistics;
        }
        finally
        {
            scheduler.Release();
            _builder.Clear();
            _moved.Clear();
            _undecided.Clear();
        }
    }

    private RolloutStatistics Loop(
        Scheduler scheduler, IReadOnlyList<SequenceGroup> groups, IProgress<int>? progress, CancellationToken cancellation)
    {
        var computed = 0L;
        var told = 0;
        while (scheduler.Schedule())
        {
            cancellation.ThrowIfCancellationRequested();
            Execute();
            TakeTokens();
            LetPoliciesDecide(scheduler);
            computed += _builder.Step.TokenCount;
            if (progress is not null && groups.Sum(g => g.Tree.FinishedCount) is var finished && finished > told)
            {
                told = finished;
                progress.Report(finished);
            }
        }

        return new RolloutStatistics(groups.Sum(g => g.TokensGenerated), computed, scheduler.Preemptions, _pool.PeakUsed);
    }

    private void Execute()
    {
        var step = _builder.Step;
        if (step.SampleCount > _sampled.Length)
        {
            _sampled = new SampledToken[Math.Max(step.SampleCount, _sampled.Length * 2)];
        }

        if (_builder.Copies.Length > 0)
        {
            _runner.CopyBlocks(_builder.Copies);
        }

        _runner.Execute(step, _sampled.AsSpan(0, step.SampleCount));
    }

    /// <summary>Gives each row its drawn token, or keeps the draw for the branch policy that decides there.</summary>
    private void TakeTokens()
    {
        var drawing = _builder.Drawing;
        var topCount = _builder.Step.TopCount;
        for (var draw = 0; draw < drawing.Length; draw++)
        {
            var sequence = drawing[draw];
            var tree = sequence.Group.Tree;
            if (GrowingTree.IsAtHold(sequence))
            {
                tree.Hold(sequence, _sampled[draw], _builder.Step.Top.AsSpan(draw * topCount, topCount));
                Note(sequence.Group);
                continue;
            }

            sequence.Append(_sampled[draw], TokenOrigin.Sampled);
            if (sequence.FinishReason is not null)
            {
                tree.Finish(sequence);
                Note(sequence.Group);
            }
        }
    }

    private void Note(SequenceGroup group)
    {
        if (!group.Tree.IsSettled && (_moved.Count == 0 || _moved[^1] != group))
        {
            _moved.Add(group);
        }
    }

    /// <summary>Asks the branch policies of the groups that have moved, and then those that wait for other groups, until none moves.</summary>
    private void LetPoliciesDecide(Scheduler scheduler)
    {
        var moved = false;
        foreach (var group in _moved)
        {
            moved |= LetDecide(group, scheduler);
        }

        _moved.Clear();
        while (moved && _undecided.Count > 0)
        {
            moved = false;
            foreach (var group in _undecided.ToArray())
            {
                moved |= LetDecide(group, scheduler);
            }
        }
    }

    /// <summary>Asks a group's branch policy for as long as it has something to decide.</summary>
    /// <returns>Whether it decided anything.</returns>
    private bool LetDecide(SequenceGroup group, Scheduler scheduler)
    {
        var (tree, moved) = (group.Tree, false);
        while (!tree.IsSettled && tree.AllDrawn)
        {
            var (unborn, rows) = (tree.Unborn, tree.RowCount);
            if (tree.Held.Count > 0)
            {
                if (!group.Grower.Decide(tree))
                {
                    if (!_undecided.Contains(group))
                    {
                        _undecided.Add(group);
                    }

                    return moved;
                }

                scheduler.Starting.UnbornChanged(group, unborn);
                moved = true;
                continue;
            }

            group.Grower.Rest(tree);
            scheduler.Starting.UnbornChanged(group, unborn);
            moved = true;
            if (tree.RowCount == rows && tree.GrowingCount > 0)
            {
                break;
            }

            if (tree.GrowingCount == 0)
            {
                unborn = tree.Unborn;
                tree.Settle();
                scheduler.Starting.UnbornChanged(group, unborn);
            }
        }

        _undecided.Remove(group);
        return moved;
    }

    private static void CheckLeaves(IReadOnlyList<SequenceGroup> groups)
    {
        foreach (var group in groups)
        {
            if (group.Tree.FinishedCount != group.Leaves)
            {
                throw new InvalidOperationException(
                    $"The branch policy left {group.Tree.FinishedCount} responses to prompt '{group.PromptId}' where {group.Leaves} are wanted.");
            }
        }
    }

    private void Admit(SequenceGroup group, int order)
    {
        if (group.Order >= 0)
        {
            throw new ArgumentException(
                $"The group of prompt '{group.PromptId}' was given to an engine before; create a new one.", nameof(group));
        }

        CheckPrompt(group);
        group.Order = order;
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
