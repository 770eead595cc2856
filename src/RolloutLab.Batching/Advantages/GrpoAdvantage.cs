using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Group-relative advantages (GRPO, arXiv 2402.03300): A = (R − mean) / (std + ε) inside each group, with the unbiased
/// standard deviation (N − 1). <c>normalize: none</c> leaves the division out (Dr. GRPO, arXiv 2503.20783);
/// <c>batch_std</c> divides by the standard deviation over all rewards of the step. Rollouts without a reward (NaN)
/// get 0 and leave mean and deviation. A group with one reward gets 0 (<c>singleton: zero</c>) or its reward
/// (<c>singleton: reward</c>, as verl does).
/// </summary>
public sealed class GrpoAdvantage(GrpoAdvantageSection section) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups)
    {
        var batchStd = section.Normalize == AdvantageNormalization.BatchStd ? GroupStatistics.Of(groups.SelectMany(g => g.Rewards)).Std : 1.0;
        return [.. groups.Select(g => EstimateGroup(g, batchStd))];
    }

    private GroupAdvantages EstimateGroup(RewardGroup group, double batchStd)
    {
        var spread = GroupStatistics.Of(group.Rewards);
        var divisor = section.Normalize switch
        {
            AdvantageNormalization.GroupStd => spread.Std + section.Epsilon,
            AdvantageNormalization.BatchStd => batchStd + section.Epsilon,
            _ => 1.0,
        };
        return PerRollout.Of(group, i => Centred.Of(group.Rewards[i], spread, section.Singleton, r => (r - spread.Mean) / divisor));
    }
}

/// <summary>Advantages against the mean of a group of at least two.</summary>
internal static class Centred
{
    /// <summary>The advantage; for a rollout alone in its group what the recipe says.</summary>
    public static double Of(double reward, GroupStatistics spread, SingletonAdvantage singleton, Func<double, double> advantage) =>
        spread.Variance == 0 && spread.Count > 1 ? 0
        : spread.Count > 1 ? advantage(reward)
        : singleton == SingletonAdvantage.Reward ? reward : 0;
}
