using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Pass@k as verl's <c>grpo_passk</c> (arXiv 2503.19595): only the best rollout of a group counts, with
/// (R_max − R_second)/(std + ε), or without the division. A tie of the best, and a group of one, give 0 throughout.
/// </summary>
public sealed class PassAtKAdvantage(PassAtKAdvantageSection section) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups) => [.. groups.Select(EstimateGroup)];

    private GroupAdvantages EstimateGroup(RewardGroup group)
    {
        var spread = GroupStatistics.Of(group.Rewards);
        if (spread.Count < 2)
        {
            return new GroupAdvantages(new double[group.Count]);
        }

        var best = -1;
        var second = double.NegativeInfinity;
        for (var i = 0; i < group.Count; i++)
        {
            if (double.IsNaN(group.Rewards[i]))
            {
                continue;
            }

            if (best < 0 || group.Rewards[i] > group.Rewards[best])
            {
                (second, best) = (best < 0 ? second : group.Rewards[best], i);
            }
            else
            {
                second = Math.Max(second, group.Rewards[i]);
            }
        }

        var lead = group.Rewards[best] - second;
        return PerRollout.Of(group, i => i != best ? 0 : section.Normalize ? lead / (spread.Std + section.Epsilon) : lead);
    }
}
