using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>MaxRL (prime-rl): A = (R − mean)/mean of the group; 0 where the mean is not positive.</summary>
public sealed class MaxRlAdvantage : IAdvantageEstimator
{
    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups) => [.. groups.Select(group =>
    {
        var mean = GroupStatistics.Of(group.Rewards).Mean;
        return PerRollout.Of(group, i => mean > 0 ? (group.Rewards[i] - mean) / mean : 0);
    })];
}
