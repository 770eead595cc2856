using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>
/// The length-weighted optimal baseline (OPO, arXiv 2505.23585): A = R − Σ(T_j·R_j)/ΣT_j. A group without any token
/// has the baseline 0.
/// </summary>
public sealed class OpoAdvantage : IAdvantageEstimator
{
    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups) => [.. groups.Select(EstimateGroup)];

    private static GroupAdvantages EstimateGroup(RewardGroup group)
    {
        var present = Enumerable.Range(0, group.Count).Where(i => !double.IsNaN(group.Rewards[i])).ToList();
        if (present.Count == 0)
        {
            return new GroupAdvantages(new double[group.Count]);
        }

        // Weighted differences from one of the rewards: exactly 0 for equal ones.
        var origin = group.Rewards[present[0]];
        var tokens = present.Sum(i => (double)group.Lengths[i]);
        var shift = tokens > 0 ? present.Sum(i => group.Lengths[i] * (group.Rewards[i] - origin)) / tokens : -origin;
        return PerRollout.Of(group, i => group.Rewards[i] - origin - shift);
    }
}
