using RolloutLab.Core;
using RolloutLab.Engine;
using RolloutLab.Models;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary>The rollout engine over a policy, with its KV cache.</summary>
internal sealed class LiveSource : IDisposable
{
    /// <summary>Most bytes the automatic KV cache takes; a recipe may ask for more with <c>engine.kv_tokens</c>.</summary>
    private const long AutomaticCacheBytes = 2L << 30;

    private readonly PagedModelRunner _runner;

    /// <summary>Creates engine and cache.</summary>
    /// <param name="policy">The policy; borrowed.</param>
    /// <param name="section">Limits.</param>
    /// <param name="longestSequence">Most tokens of one sequence, prompt and response.</param>
    /// <param name="random">The run's random streams.</param>
    /// <param name="policyVersion">Gives the version of the policy.</param>
    /// <param name="branching">Where training rollouts branch; null for a source that makes none.</param>
    /// <exception cref="RecipeException">The KV cache the recipe asks for cannot hold one sequence.</exception>
    public LiveSource(
        Policy policy,
        EngineSection section,
        int longestSequence,
        RandomStreams random,
        Func<long> policyVersion,
        IBranchPolicy? branching = null)
    {
        var size = CacheSize(policy.Model.Config, section, longestSequence);
        if (size.BlockCount * size.BlockSize < longestSequence - 1)
        {
            throw new RecipeException(
                $"engine.kv_tokens = {section.KvTokens}: cannot hold one sequence; the longest prompt and response have {longestSequence} "
                + "tokens: set it to at least that, to 0 for automatic, or lower rollout.max_new_tokens");
        }

        _runner = new PagedModelRunner(policy.Model, size);
        var options = new EngineOptions { MaxRunningSequences = section.MaxBatch, MaxTokensPerStep = section.MaxStepTokens };
        Source = new EngineRolloutSource(_runner, policy.Tokenizer, options, random, policyVersion, branching);
    }

    /// <summary>Makes the rollouts.</summary>
    public IRolloutSource Source { get; }

    /// <inheritdoc/>
    public void Dispose() => _runner.Dispose();

    /// <summary>The cache that a recipe asks for, or the automatic one.</summary>
    /// <param name="config">The model.</param>
    /// <param name="section">Limits.</param>
    /// <param name="longestSequence">Most tokens of one sequence, prompt and response.</param>
    public static KvCacheSize CacheSize(ModelConfig config, EngineSection section, int longestSequence) => section.KvTokens > 0
        ? KvCacheSize.OfTokens(section.KvTokens, section.BlockSize)
        : Automatic(config, section, longestSequence);

    private static KvCacheSize Automatic(ModelConfig config, EngineSection section, int longestSequence)
    {
        // A block more for each sequence: the copy it may need of a shared, partly filled block.
        var perSequence = (long)longestSequence + (2 * section.BlockSize);
        var wanted = KvCacheSize.OfTokens(perSequence * section.MaxBatch, section.BlockSize);
        var affordable = KvCacheSize.OfBytes(AutomaticCacheBytes, section.BlockSize, config);
        var smallest = KvCacheSize.OfTokens(perSequence, section.BlockSize);
        return wanted.BlockCount <= affordable.BlockCount ? wanted
            : affordable.BlockCount >= smallest.BlockCount ? affordable : smallest;
    }
}
