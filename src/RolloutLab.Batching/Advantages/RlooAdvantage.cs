using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Leave-one-out (RLOO, arXiv 2402.14740): A = R − mean of the group's other rewards = (R − mean)·n/(n − 1). With
/// <c>normalize: true</c> then (A − mean)/(std + 1e-4) over the step, as TRL offers.
/// </summary>
public sealed class RlooAdvantage(RlooAdvantageSection section) : IAdvantageEstimator
{
    private const double Epsilon = 1e-4;

    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups)
    {
        var advantages = groups.Select(EstimateGroup).ToList();
        if (section.Normalize)
        {
            var all = GroupStatistics.Of(groups.Zip(advantages).SelectMany(p => Present(p.First, p.Second)));
            advantages = [.. groups.Zip(advantages, (g, a) => PerRollout.Of(g, i => (a.Rollouts[i] - all.Mean) / (all.Std + Epsilon)))];
        }

        return advantages;
    }

    private GroupAdvantages EstimateGroup(RewardGroup group)
    {
        var spread = GroupStatistics.Of(group.Rewards);
        return PerRollout.Of(group, i => Centred.Of(
            group.Rewards[i], spread, section.Singleton, r => (r - spread.Mean) * spread.Count / (spread.Count - 1)));
    }

    private static IEnumerable<double> Present(RewardGroup group, GroupAdvantages advantages) =>
        advantages.Rollouts.Where((_, i) => !double.IsNaN(group.Rewards[i]));
}
