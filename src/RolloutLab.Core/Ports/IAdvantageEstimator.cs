namespace RolloutLab.Core;

/// <summary>Turns rewards into advantages, each inside its own group.</summary>
public interface IAdvantageEstimator
{
    /// <summary>
    /// Advantages for a step's groups, which may have any sizes. Result i belongs to <c>groups[i]</c>. A rollout without a
    /// reward (NaN) gets 0 and leaves the baseline. An estimator that remembers something also implements
    /// <see cref="IStateful"/>.
    /// </summary>
    IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups);
}
