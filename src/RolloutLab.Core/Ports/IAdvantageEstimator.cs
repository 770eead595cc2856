namespace RolloutLab.Core;

/// <summary>Turns rewards into advantages: one number a rollout, inside its own group.</summary>
public interface IAdvantageEstimator
{
    /// <summary>
    /// Advantages for a step's groups, which may have any sizes. Result i is aligned to the rollouts of
    /// <c>groups[i]</c>. A rollout without a reward (NaN) gets 0 and leaves the baseline.
    /// </summary>
    IReadOnlyList<float[]> Estimate(IReadOnlyList<GradedGroup> groups);
}
