using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Batching;

/// <summary>Golden values are computed by hand from the published formulas, six decimals.</summary>
public class GrpoAdvantageTests
{
    private static readonly double[] RewardsA = [1, 0, 0, 1, 0];
    private static readonly double[] RewardsB = [1, 1, 0];

    [Theory]
    [InlineData(AdvantageNormalization.GroupStd, 1e-6, 1.095443, -0.730295, 0.577349, -1.154699)]
    [InlineData(AdvantageNormalization.GroupStd, 1e-4, 1.095245, -0.730163, 0.577250, -1.154501)]
    [InlineData(AdvantageNormalization.BatchStd, 1e-4, 1.122287, -0.748192, 0.623493, -1.246986)]
    [InlineData(AdvantageNormalization.None, 0, 0.6, -0.4, 0.333333, -0.666667)]
    public void Ragged_groups_match_golden_values(
        AdvantageNormalization normalize, double epsilon, double rightA, double wrongA, double rightB, double wrongB)
    {
        var estimator = new GrpoAdvantage(Sections.Grpo with { Normalize = normalize, Epsilon = epsilon });

        var advantages = estimator.Estimate([Group(0, RewardsA), Group(1, RewardsB)]);

        Assert.All(RewardsA.Zip(advantages[0].Rollouts), pair => Assert.Equal(pair.First > 0 ? rightA : wrongA, pair.Second, 1e-6));
        Assert.All(RewardsB.Zip(advantages[1].Rollouts), pair => Assert.Equal(pair.First > 0 ? rightB : wrongB, pair.Second, 1e-6));
    }

    [Fact]
    public void A_group_alone_in_the_batch_gets_what_it_gets_among_others()
    {
        var estimator = new GrpoAdvantage(Sections.Grpo);

        var together = estimator.Estimate([Group(0, RewardsA), Group(1, RewardsB)]);

        Assert.Equal(estimator.Estimate([Group(1, RewardsB)])[0].Rollouts, together[1].Rollouts);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.7)]
    [InlineData(1.0)]
    public void Equal_rewards_give_exactly_zero(double reward)
    {
        var advantages = new GrpoAdvantage(Sections.Grpo).Estimate([Group(0, [reward, reward, reward, reward, reward, reward, reward])]);

        Assert.All(advantages[0].Rollouts, a => Assert.Equal(0.0, a));
    }

    [Theory]
    [InlineData(SingletonAdvantage.Zero, 0.0)]
    [InlineData(SingletonAdvantage.Reward, 0.75)]
    public void A_group_of_one_follows_the_recipe(SingletonAdvantage singleton, double expected)
    {
        var estimator = new GrpoAdvantage(Sections.Grpo with { Singleton = singleton });

        Assert.Equal([expected], estimator.Estimate([Group(0, [0.75])])[0].Rollouts);
    }

    [Fact]
    public void A_rollout_without_reward_gets_zero_and_leaves_the_baseline()
    {
        var estimator = new GrpoAdvantage(Sections.Grpo with { Normalize = AdvantageNormalization.None });

        Assert.Equal([0.5, 0, -0.5], estimator.Estimate([Group(0, [1, double.NaN, 0])])[0].Rollouts);
    }

    [Fact]
    public void An_empty_group_gives_an_empty_array() =>
        Assert.Empty(new GrpoAdvantage(Sections.Grpo).Estimate([Group(0, [])])[0].Rollouts);

    private static RewardGroup Group(int prompt, double[] rewards) =>
        new() { Key = $"p{prompt}", Rewards = rewards, Lengths = [.. rewards.Select(_ => 3)] };
}
