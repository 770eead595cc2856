using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Several rewards, each normalised inside its group before they are added (GDPO, arXiv 2601.05242): Σ_k w_k·(r_k − mean)/(std + ε),
/// then whitened over the step's tokens (verl), or over its rollouts with (x − mean)/(std + 1e-4) (TRL's
/// <c>normalize_then_sum</c>), or not. A part that is absent (NaN) adds nothing and leaves its own baseline.
/// </summary>
public sealed class GdpoAdvantage(GdpoAdvantageSection section) : IAdvantageEstimator
{
    private const double RolloutEpsilon = 1e-4;

    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups)
    {
        var sums = groups.Select(Sum).ToList();
        if (section.Whiten == GdpoWhitening.Tokens)
        {
            return Whitening.OfRollouts(groups, sums);
        }

        if (section.Whiten == GdpoWhitening.None)
        {
            return sums;
        }

        var all = GroupStatistics.Of(groups.Zip(sums).SelectMany(p => p.Second.Rollouts.Where((_, i) => !double.IsNaN(p.First.Rewards[i]))));
        return [.. groups.Zip(sums, (g, s) => PerRollout.Of(g, i => (s.Rollouts[i] - all.Mean) / (all.Std + RolloutEpsilon)))];
    }

    private GroupAdvantages Sum(RewardGroup group)
    {
        // A batch with one reward is its own only part.
        var (parts, weights) = group.Components.Length > 0 ? (group.Components, group.ComponentWeights) : ([group.Rewards], [1.0]);
        var spreads = parts.Select(p => GroupStatistics.Of(p)).ToList();
        return PerRollout.Of(group, i =>
        {
            var sum = 0.0;
            for (var k = 0; k < parts.Length; k++)
            {
                var (value, spread) = (parts[k][i], spreads[k]);
                sum += double.IsNaN(value) || spread.Variance == 0 ? 0 : weights[k] * (value - spread.Mean) / (spread.Std + section.Epsilon);
            }

            return sum;
        });
    }
}
