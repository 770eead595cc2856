namespace RolloutLab.Core;

/// <summary>What the random draws of a request are for; part of the random stream's key.</summary>
public enum RolloutPurpose
{
    /// <summary>Training rollouts.</summary>
    Training = 1,

    /// <summary>Evaluation rollouts: never disturb the training draws.</summary>
    Evaluation = 2,

    /// <summary>Rollouts of a training step beside its budget, always sampled plainly: explanations, greedy baselines.</summary>
    Beside = 3,
}

/// <summary>One round of rollouts to make.</summary>
/// <param name="Step">Training step; keys the random streams.</param>
/// <param name="Purpose">What they are for; keys the random streams.</param>
/// <param name="Budgets">Prompts and their numbers of rollouts.</param>
/// <param name="Sampling">How tokens are drawn.</param>
public sealed record RolloutRequest(long Step, RolloutPurpose Purpose, IReadOnlyList<PromptBudget> Budgets, SamplingParameters Sampling);

/// <summary>Counters of one session.</summary>
/// <param name="TokensGenerated">Response tokens produced.</param>
/// <param name="TokensComputed">Tokens that went through the model (prefill, decode and recomputation).</param>
/// <param name="Preemptions">Sequences that lost their blocks and were recomputed.</param>
/// <param name="PeakBlocks">Most KV blocks in use at once.</param>
public sealed record RolloutStatistics(long TokensGenerated, long TokensComputed, long Preemptions, int PeakBlocks)
{
    /// <summary>Counters of two sessions together: sums, and the higher peak.</summary>
    public static RolloutStatistics operator +(RolloutStatistics a, RolloutStatistics b) => new(
        a.TokensGenerated + b.TokensGenerated, a.TokensComputed + b.TokensComputed, a.Preemptions + b.Preemptions, Math.Max(a.PeakBlocks, b.PeakBlocks));
}

/// <summary>The groups of one round, in the order of the request's budgets, and what they cost.</summary>
public sealed record RolloutResult(IReadOnlyList<RolloutGroup> Groups, RolloutStatistics Statistics);

/// <summary>Makes rollouts: live with the engine, simulated, or replayed from a log.</summary>
public interface IRolloutSource
{
    /// <summary>Begins to make rollouts with the policy as it is now. One session at a time; the caller disposes it.</summary>
    /// <param name="step">Training step; keys the random streams.</param>
    /// <param name="purpose">What the rollouts are for; keys the random streams.</param>
    /// <param name="sampling">How tokens are drawn.</param>
    IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling);
}
