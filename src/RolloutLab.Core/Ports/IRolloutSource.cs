namespace RolloutLab.Core;

/// <summary>What the random draws of a request are for; part of the random stream's key.</summary>
public enum RolloutPurpose
{
    /// <summary>Training rollouts.</summary>
    Training = 1,

    /// <summary>Evaluation rollouts: never disturb the training draws.</summary>
    Evaluation = 2,
}

/// <summary>One round of rollouts to make.</summary>
/// <param name="Step">Training step; keys the random streams.</param>
/// <param name="Purpose">What they are for; keys the random streams.</param>
/// <param name="Budgets">Prompts and their numbers of rollouts.</param>
/// <param name="Sampling">How tokens are drawn.</param>
public sealed record RolloutRequest(long Step, RolloutPurpose Purpose, IReadOnlyList<PromptBudget> Budgets, SamplingParameters Sampling);

/// <summary>Counters of one call to <see cref="IRolloutSource.Generate"/>.</summary>
/// <param name="TokensGenerated">Response tokens produced.</param>
/// <param name="TokensComputed">Tokens that went through the model (prefill, decode and recomputation).</param>
/// <param name="Preemptions">Sequences that lost their blocks and were recomputed.</param>
/// <param name="PeakBlocks">Most KV blocks in use at once.</param>
public sealed record RolloutStatistics(long TokensGenerated, long TokensComputed, long Preemptions, int PeakBlocks)
{
    /// <summary>Counters of two calls together: sums, and the higher peak.</summary>
    public static RolloutStatistics operator +(RolloutStatistics a, RolloutStatistics b) => new(
        a.TokensGenerated + b.TokensGenerated, a.TokensComputed + b.TokensComputed, a.Preemptions + b.Preemptions, Math.Max(a.PeakBlocks, b.PeakBlocks));
}

/// <summary>The groups of one round, in the order of the request's budgets, and what they cost.</summary>
public sealed record RolloutResult(IReadOnlyList<RolloutGroup> Groups, RolloutStatistics Statistics);

/// <summary>Makes rollouts: live with the engine, simulated, or replayed from a log.</summary>
public interface IRolloutSource
{
    /// <summary>Makes the rollouts of one round. The result depends on the request and the policy only, not on batching.</summary>
    /// <param name="request">What to make.</param>
    /// <param name="progress">Told the number of finished rollouts now and then; may be null.</param>
    /// <param name="cancellation">Stops between decode steps with <see cref="OperationCanceledException"/>.</param>
    RolloutResult Generate(RolloutRequest request, IProgress<int>? progress, CancellationToken cancellation);
}
