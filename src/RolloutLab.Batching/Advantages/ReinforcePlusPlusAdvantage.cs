using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// REINFORCE++ (arXiv 2501.03262): the return of each token, G_t = γ^(T−1−t)·R for a reward at the end, whitened over the
/// step's tokens; no group baseline. A rollout without a reward leaves the statistics.
/// </summary>
public sealed class ReinforcePlusPlusAdvantage(ReinforcePlusPlusAdvantageSection section) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups)
    {
        if (section.Gamma == 1)
        {
            return Whitening.OfRollouts(groups, [.. groups.Select(g => PerRollout.Of(g, i => g.Rewards[i]))]);
        }

        var whitened = Whitening.OfTokens([.. groups.Select(g => g.Rewards.Zip(g.Lengths, Returns).ToArray())]);
        return [.. groups.Zip(whitened, WithoutReward)];
    }

    private double[] Returns(double reward, int length)
    {
        if (double.IsNaN(reward))
        {
            return [];
        }

        var returns = new double[length];
        for (var t = length - 1; t >= 0; t--)
        {
            returns[t] = reward;
            reward *= section.Gamma;
        }

        return returns;
    }

    private static GroupAdvantages WithoutReward(RewardGroup group, GroupAdvantages advantages) => new(
        advantages.Rollouts, [.. advantages.Tokens!.Select((t, i) => double.IsNaN(group.Rewards[i]) ? new double[group.Lengths[i]] : t)]);
}

/// <summary>
/// The baseline form of REINFORCE++: R − mean of the group, whitened over the step's tokens. A group of one has 0, or its
/// reward (verl), before whitening.
/// </summary>
public sealed class ReinforcePlusPlusBaselineAdvantage(ReinforcePlusPlusBaselineAdvantageSection section) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups) => Whitening.OfRollouts(groups, [.. groups.Select(group =>
    {
        var spread = GroupStatistics.Of(group.Rewards);
        return PerRollout.Of(group, i => Centred.Of(group.Rewards[i], spread, section.Singleton, r => r - spread.Mean));
    })]);
}
