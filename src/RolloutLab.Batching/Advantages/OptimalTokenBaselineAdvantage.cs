using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// The optimal token baseline of verl: with w_t = 1 − 2π_t + Σ_v π_v² and W_t its running sum along a rollout, the baseline
/// at position t is B_t = ΣR·W_t / (ΣW_t + 1e-8) over the group's rollouts that reach t, and A_t = R − B_t. With
/// <c>zero_tail</c> the positions that only the longest rollout reaches have the baseline 0.
/// </summary>
public sealed class OptimalTokenBaselineAdvantage(OptimalTokenBaselineAdvantageSection section) : IAdvantageEstimator
{
    private const double Epsilon = 1e-8;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A group lacks log-probabilities or Σπ².</exception>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups) => [.. groups.Select(EstimateGroup)];

    private GroupAdvantages EstimateGroup(RewardGroup group)
    {
        if (group.LogProbs.Length != group.Count || group.SquaredProbs.Length != group.Count)
        {
            throw new ArgumentException($"group {group.Key} lacks the log-probabilities or squared probabilities of its tokens", nameof(group));
        }

        var longest = group.Lengths.DefaultIfEmpty(0).Max();
        var (weighted, weight) = (new double[longest], new double[longest]);
        for (var i = 0; i < group.Count; i++)
        {
            if (double.IsNaN(group.Rewards[i]))
            {
                continue;
            }

            var sum = 0.0;
            for (var t = 0; t < group.Lengths[i]; t++)
            {
                sum += 1 - (2 * Math.Exp(group.LogProbs[i][t])) + group.SquaredProbs[i][t];
                (weighted[t], weight[t]) = (weighted[t] + (group.Rewards[i] * sum), weight[t] + sum);
            }
        }

        var tail = section.ZeroTail ? SecondLongest(group) : longest;
        return TokenAdvantages.Of([.. group.Rewards.Select((reward, i) => Enumerable.Range(0, group.Lengths[i])
            .Select(t => double.IsNaN(reward) ? 0 : reward - (t < tail ? weighted[t] / (weight[t] + Epsilon) : 0)).ToArray())]);
    }

    private static int SecondLongest(RewardGroup group) => group.Lengths
        .Where((_, i) => !double.IsNaN(group.Rewards[i])).OrderDescending().Skip(1).FirstOrDefault();
}
