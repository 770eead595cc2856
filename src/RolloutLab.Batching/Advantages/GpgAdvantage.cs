using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// GPG (arXiv 2504.02546): A = α(R − mean)/f_norm with α = B / max(1, number of rewards that are not 0) over the step's B
/// rollouts with a reward, as verl has it.
/// </summary>
public sealed class GpgAdvantage(GpgAdvantageSection section) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups)
    {
        var rewards = groups.SelectMany(g => g.Rewards).Where(r => !double.IsNaN(r)).ToList();
        var scale = rewards.Count / (double)Math.Max(1, rewards.Count(r => r != 0)) / section.Norm;
        return [.. groups.Select(g =>
        {
            var mean = GroupStatistics.Of(g.Rewards).Mean;
            return PerRollout.Of(g, i => scale * (g.Rewards[i] - mean));
        })];
    }
}
