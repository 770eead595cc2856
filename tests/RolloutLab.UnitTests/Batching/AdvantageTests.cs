using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Batching;

/// <summary>Golden values are computed by hand from the published formulas, six decimals.</summary>
public class AdvantageTests
{
    private static readonly double[] RewardsA = [1, 0, 0, 1, 0];
    private static readonly double[] RewardsB = [1, 1, 0];
    private static readonly int[] LengthsA = [2, 4, 3, 1, 5];
    private static readonly int[] LengthsB = [2, 3, 1];

    private static Dictionary<string, Func<IAdvantageEstimator>> Estimators { get; } = new()
    {
        ["grpo"] = () => new GrpoAdvantage(Sections.Grpo),
        ["rloo"] = () => new RlooAdvantage(new RlooAdvantageSection { Normalize = false, Singleton = SingletonAdvantage.Zero }),
        ["opo"] = () => new OpoAdvantage(),
        ["gpg"] = () => new GpgAdvantage(new GpgAdvantageSection { Norm = 1 }),
        ["pass_at_k"] = () => new PassAtKAdvantage(new PassAtKAdvantageSection { Normalize = true, Epsilon = 1e-6 }),
        ["max_rl"] = () => new MaxRlAdvantage(),
        ["gdpo"] = () => new GdpoAdvantage(new GdpoAdvantageSection { Epsilon = 1e-6, Whiten = GdpoWhitening.Tokens }),
        ["reinforce_plus_plus"] = () => new ReinforcePlusPlusAdvantage(new ReinforcePlusPlusAdvantageSection { Gamma = 1 }),
        ["reinforce_plus_plus_baseline"] = () => new ReinforcePlusPlusBaselineAdvantage(new ReinforcePlusPlusBaselineAdvantageSection { Singleton = SingletonAdvantage.Zero }),
        ["tree"] = () => new TreeAdvantage(new TreeAdvantageSection { Normalize = AdvantageNormalization.GroupStd, Epsilon = 1e-6 }),
        ["rae"] = () => new RaeAdvantage(new RaeAdvantageSection { Decay = .95 }),
        ["remax"] = () => new RemaxAdvantage(),
        ["spo"] = () => new SpoAdvantage(new SpoAdvantageSection { Decay = .875 }),
    };

    public static TheoryData<string> Names => [.. Estimators.Keys];

    public static TheoryData<string> GroupBaselines => ["grpo", "rloo", "opo", "gpg", "pass_at_k", "max_rl", "gdpo", "reinforce_plus_plus_baseline", "tree"];

    [Theory]
    [InlineData("grpo", 1.095443, -.730295, .577349, -1.154699)]
    [InlineData("rloo", .75, -.5, .5, -1)]
    [InlineData("opo", .8, -.2, .166667, -.833333)]
    [InlineData("gpg", 1.2, -.8, .666667, -1.333333)]
    [InlineData("max_rl", 1.5, -1, .5, -1)]
    [InlineData("reinforce_plus_plus_baseline", 1.592991, -.698297, .981980, -1.309307)]
    [InlineData("tree", 1.095443, -.730295, .577349, -1.154699)]
    public void Ragged_groups_match_the_golden_table(string name, double rightA, double wrongA, double rightB, double wrongB)
    {
        var advantages = Estimators[name]().Estimate([Group("a", RewardsA, LengthsA), Group("b", RewardsB, LengthsB)]);

        Assert.All(RewardsA.Zip(advantages[0].Rollouts), p => Assert.Equal(p.First > 0 ? rightA : wrongA, p.Second, 1e-6));
        Assert.All(RewardsB.Zip(advantages[1].Rollouts), p => Assert.Equal(p.First > 0 ? rightB : wrongB, p.Second, 1e-6));
    }

    [Fact]
    public void Pass_at_k_rewards_the_lead_of_the_best_alone()
    {
        Assert.All(Of("pass_at_k", [.9, .2, .7]).Zip([.554699, 0, 0]), p => Assert.Equal(p.Second, p.First, 1e-6));
        Assert.Equal([0, 0, 0], Of("pass_at_k", [1, 1, 0]));
        Assert.Equal(.2, new PassAtKAdvantage(new PassAtKAdvantageSection { Normalize = false, Epsilon = 1e-6 }).Estimate([Group("a", [.7, .2, .9])])[0].Rollouts[2], 1e-12);
    }

    [Theory]
    [MemberData(nameof(GroupBaselines))]
    public void Equal_rewards_and_singletons_give_exactly_zero(string name)
    {
        Assert.All(Of(name, [.7, .7, .7, .7, .7]), a => Assert.Equal(0, a, 0.0));
        Assert.Equal([0.0], Of(name, [.7]));
        Assert.Empty(Of(name, []));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_rollout_without_verdict_gets_zero_and_leaves_every_baseline(string name)
    {
        static RewardGroup Greedy(RewardGroup group) => group with { Baselines = [.. group.Rewards.Select(_ => .25)] };
        var with = Estimators[name]().Estimate([Greedy(Group("a", [1, double.NaN, 0, 0])), Greedy(Group("b", [0, 1]))]);
        var without = Estimators[name]().Estimate([Greedy(Group("a", [1, 0, 0])), Greedy(Group("b", [0, 1]))]);

        Assert.Equal(0, with[0].Rollouts[1]);
        Assert.Equal(without[0].Rollouts, with[0].Rollouts.Where((_, i) => i != 1));
        Assert.Equal(without[1].Rollouts, with[1].Rollouts);
        Assert.Equal([0.0, 0.0], Of(name, [double.NaN, double.NaN]));
    }

    [Fact]
    public void Verl_gives_singletons_their_reward_where_the_recipe_says_so()
    {
        var rloo = new RlooAdvantage(new RlooAdvantageSection { Normalize = false, Singleton = SingletonAdvantage.Reward });

        Assert.Equal([.7], rloo.Estimate([Group("a", [.7])])[0].Rollouts);
    }

    [Fact]
    public void Rloo_can_be_standardised_over_the_step()
    {
        var rloo = new RlooAdvantage(new RlooAdvantageSection { Normalize = true, Singleton = SingletonAdvantage.Zero });

        // 1, -1, .5, .5, -1: mean 0, sum of squares 3.5 over 4.
        var advantages = rloo.Estimate([Group("a", [1, 0]), Group("b", [1, 1, 0])]);

        Assert.Equal(1 / (Math.Sqrt(.875) + 1e-4), advantages[0].Rollouts[0], 1e-12);
        Assert.Equal(.5 / (Math.Sqrt(.875) + 1e-4), advantages[1].Rollouts[1], 1e-12);
    }

    [Fact]
    public void Reinforce_plus_plus_whitens_discounted_returns_by_token()
    {
        var whole = Of("reinforce_plus_plus", [1, 0], [1, 3]);
        var discounted = new ReinforcePlusPlusAdvantage(new ReinforcePlusPlusAdvantageSection { Gamma = .5 }).Estimate([Group("a", [1, 0], [2, 1])])[0];

        // Tokens 1, 0, 0, 0: mean .25, variance .25. Returns .5, 1, 0: mean .5, variance .25.
        Assert.Equal(.75 / Math.Sqrt(.25 + 1e-8), whole[0], 1e-9);
        Assert.Equal(-.25 / Math.Sqrt(.25 + 1e-8), whole[1], 1e-9);
        Assert.Equal(0, discounted.Tokens![0][0], 1e-12);
        Assert.Equal(.5 / Math.Sqrt(.25 + 1e-8), discounted.Tokens[0][1], 1e-9);
        Assert.Equal(-.5 / Math.Sqrt(.25 + 1e-8), discounted.Tokens[1][0], 1e-9);
    }

    [Fact]
    public void Gdpo_normalises_each_reward_before_adding()
    {
        var group = Group("a", [1, 0, 0]) with { Components = [[1, 0, double.NaN], [10, 10, 40]], ComponentWeights = [1, .5] };

        var advantages = new GdpoAdvantage(new GdpoAdvantageSection { Epsilon = 0, Whiten = GdpoWhitening.None }).Estimate([group])[0].Rollouts;

        // Parts: ±.5/.7071 = ±.707107; (-10, -10, 20)/17.3205 = -.577350, 1.154701.
        Assert.All(advantages.Zip([.707107 - .288675, -.707107 - .288675, .577350]), p => Assert.Equal(p.Second, p.First, 1e-6));
    }

    [Fact]
    public void Rae_follows_each_agent_through_the_batch_and_remembers()
    {
        RewardGroup Batch() => Group("a", [1, 1, 0]) with { Agents = ["x", "y", "x"] };
        var rae = new RaeAdvantage(new RaeAdvantageSection { Decay = .9 });

        Assert.All(rae.Estimate([Batch()])[0].Rollouts.Zip([1, 1, -.1]), p => Assert.Equal(p.Second, p.First, 1e-12));
        var resumed = new RaeAdvantage(new RaeAdvantageSection { Decay = .9 });
        resumed.LoadState(Saved(rae));
        Assert.Equal(rae.Estimate([Batch()])[0].Rollouts, resumed.Estimate([Batch()])[0].Rollouts);
        Assert.Throws<CheckpointException>(() => rae.LoadState(new MemoryStream("[1]"u8.ToArray())));
    }

    [Fact]
    public void Spo_learns_a_value_for_each_prompt()
    {
        var spo = new SpoAdvantage(new SpoAdvantageSection { Decay = .875 });
        var first = spo.Estimate([Group("a", [1]), Group("b", [0])]);
        var state = Saved(spo);
        var second = spo.Estimate([Group("a", [1]), Group("b", [1])]);

        // v = 4/8 at first: differences ±.5, std .707107. Then a is 4.5/8, b 3.5/8: .4375 and .5625, std .088388.
        Assert.Equal(.5 / (Math.Sqrt(.5) + 1e-8), first[0].Rollouts[0], 1e-12);
        Assert.Equal(-.0625 / (.125 / Math.Sqrt(2)), second[0].Rollouts[0], 1e-6);
        var resumed = new SpoAdvantage(new SpoAdvantageSection { Decay = .875 });
        resumed.LoadState(state);
        Assert.Equal(second[1].Rollouts, resumed.Estimate([Group("a", [1]), Group("b", [1])])[1].Rollouts);
    }

    [Fact]
    public void Remax_subtracts_the_greedy_reward() =>
        Assert.Equal([.5, -.5, 0], new RemaxAdvantage().Estimate([Group("a", [1, 0, 1]) with { Baselines = [.5, .5, double.NaN] }])[0].Rollouts);

    [Fact]
    public void Optimal_token_baseline_weighs_each_position()
    {
        var group = Group("a", [1, 0], [1, 2]) with
        {
            LogProbs = [[Math.Log(.5)], [Math.Log(.25), Math.Log(.5)]], SquaredProbs = [[.5], [.3, .4]],
        };

        // w: .5 | .8, .4. W: .5 | .8, 1.2. B_0 = .5/1.3, B_1 = 0.
        var advantages = new OptimalTokenBaselineAdvantage(new OptimalTokenBaselineAdvantageSection { ZeroTail = false }).Estimate([group])[0];
        Assert.Equal(1 - (.5 / 1.3), advantages.Tokens![0][0], 1e-7);
        Assert.Equal(-.5 / 1.3, advantages.Tokens[1][0], 1e-7);
        Assert.Equal(0, advantages.Tokens[1][1], 1e-12);

        var flipped = group with { Rewards = [0, 1] };
        Assert.Equal(0, new OptimalTokenBaselineAdvantage(new OptimalTokenBaselineAdvantageSection { ZeroTail = false }).Estimate([flipped])[0].Tokens![1][1], 1e-7);
        Assert.Equal(1, new OptimalTokenBaselineAdvantage(new OptimalTokenBaselineAdvantageSection { ZeroTail = true }).Estimate([flipped])[0].Tokens![1][1], 1e-12);
    }

    [Fact]
    public void Tree_averages_over_the_ancestors_of_each_rollout()
    {
        // Two branches: {1, 0, 0} below [1], of which the last two share [1, 5]; {1} below [2].
        var group = Group("a", [1, 0, 0, 1]) with { Paths = [[1, 4], [1, 5, 6], [1, 5, 7], [2]] };

        var advantages = new TreeAdvantage(new TreeAdvantageSection { Normalize = AdvantageNormalization.None, Epsilon = 0 }).Estimate([group])[0].Rollouts;

        double[] expected = [1 - ((.5 + (1 / 3.0)) / 2), -(.5 + (1 / 3.0) + 0) / 3, -(.5 + (1 / 3.0) + 0) / 3, .5];
        Assert.All(expected.Zip(advantages), p => Assert.Equal(p.First, p.Second, 1e-12));
    }

    [Fact]
    public void Tree_agrees_with_a_brute_force_over_random_trees()
    {
        var random = new Random(5);
        for (var trial = 0; trial < 200; trial++)
        {
            var n = random.Next(2, 12);
            var paths = Enumerable.Range(0, n).Select(_ => Enumerable.Range(0, random.Next(0, 6)).Select(_ => random.Next(2)).ToArray()).ToArray();
            var rewards = Enumerable.Range(0, n).Select(_ => random.Next(4) == 0 ? double.NaN : random.NextDouble()).ToArray();
            var advantages = new TreeAdvantage(new TreeAdvantageSection { Normalize = AdvantageNormalization.None, Epsilon = 0 })
                .Estimate([Group("a", rewards) with { Paths = paths }])[0].Rollouts;
            for (var i = 0; i < n; i++)
            {
                Assert.Equal(rewards.Count(r => !double.IsNaN(r)) < 2 ? 0 : BruteForce(paths, rewards, i), advantages[i], 1e-12);
            }
        }
    }

    [Fact]
    public void Novelty_sharpens_right_answers_below_their_groups_likelihood()
    {
        var sharpening = new NoveltySharpening(new NoveltySection { Gain = 2.5, Cap = .5 });

        var sharpened = sharpening.Sharpen([1, 1, 1, -1, 1], [-1, -2, -1.6, -4, double.NaN], [true, true, true, false, true]);

        // The mean of the four scores is -2.15, so all three right ones are likelier than their group: no bonus.
        Assert.Equal([1, 1, 1, -1, 1], sharpened);
        var novel = sharpening.Sharpen([1, 1, .1, -1], [-1, -1.1, -1.5, -.4], [true, true, true, true]);
        Assert.All(novel.Zip([1, 1 + (2.5 * (1 - Math.Exp(-.1))), .15, -1]), p => Assert.Equal(p.Second, p.First, 1e-9));
    }

    private static double BruteForce(int[][] paths, double[] rewards, int i)
    {
        if (double.IsNaN(rewards[i]))
        {
            return 0;
        }

        // The sets of rollouts that share at least so many ids with i, each set once: the nodes above it where paths part.
        var sets = new List<int[]>();
        for (var depth = 0; depth <= paths[i].Length; depth++)
        {
            int[] set = [.. Enumerable.Range(0, paths.Length).Where(j => paths[j].AsSpan().CommonPrefixLength(paths[i]) >= depth)];
            if (sets.Count == 0 || set.Length < sets[^1].Length)
            {
                sets.Add(set);
            }
        }

        var means = sets.Select(s => s.Select(j => rewards[j]).Where(r => !double.IsNaN(r)).ToList()).Where(s => s.Count >= 2).Select(s => s.Average()).ToList();
        return rewards[i] - means.Average();
    }

    private static MemoryStream Saved(IStateful part)
    {
        var stream = new MemoryStream();
        part.SaveState(stream);
        return new MemoryStream(stream.ToArray());
    }

    private static double[] Of(string name, double[] rewards, int[]? lengths = null) => Estimators[name]().Estimate([Group("a", rewards, lengths)])[0].Rollouts;

    private static RewardGroup Group(string key, double[] rewards, int[]? lengths = null) => new()
    {
        Key = key, Rewards = rewards, Lengths = lengths ?? [.. rewards.Select(_ => 3)],
    };
}
