using RolloutLab.Allocation;
using RolloutLab.Core;

namespace RolloutLab.UnitTests.Allocation;

/// <summary>Each rule against plans worked out by hand.</summary>
public class RuleTests
{
    private static readonly SolverOptions Auto = new();

    [Fact]
    public void Knapsack_gives_unseen_prompts_the_default()
    {
        var plan = Plan(new KnapsackRule(new AllocationBounds(2, 128, Auto), 8, 0.9, true), 24, double.NaN, 0.5, 0);
        Assert.Equal(8, plan[0]);
        Assert.Equal(24, plan.Sum());
    }

    [Fact]
    public void Knapsack_falls_back_on_prompts_without_a_success()
    {
        // 0.5 is confident after 4; the other 16 go evenly to the two at 0; the one at 1 keeps the least.
        Assert.Equal([4, 8, 8, 2], Plan(new KnapsackRule(new AllocationBounds(2, 128, Auto), 8, 0.9, true), 22, 0.5, 0, 0, 1));

        // Without one at 0 they go to the one at 1.
        Assert.Equal([4, 12], Plan(new KnapsackRule(new AllocationBounds(2, 128, Auto), 8, 0.9, true), 16, 0.5, 1));

        // No prompt is effective: everything above the least goes to those at 0.
        Assert.Equal([9, 9, 2, 2], Plan(new KnapsackRule(new AllocationBounds(2, 128, Auto), 8, 0.9, true), 22, 0, 0, 1, 1));

        // What those at 0 cannot take goes back to the greatest value.
        Assert.Equal([6, 6, 2], Plan(new KnapsackRule(new AllocationBounds(2, 6, Auto), 8, 0.9, true), 14, 0.5, 0, 1));

        // Where effective prompts can use more than there is, the fallback has no say.
        Assert.Equal(2, Plan(new KnapsackRule(new AllocationBounds(2, 128, Auto), 8, 0.9, true), 20, 0.05, 0.03, 0)[2]);
    }

    [Fact]
    public void Knapsack_without_the_fallback_is_the_best_plan_alone()
    {
        var plan = Plan(new KnapsackRule(new AllocationBounds(2, 128, Auto), 8, 0.9, false), 22, 0.5, 0, 0, 1);
        Assert.Equal([16, 2, 2, 2], plan);
    }

    [Fact]
    public void Xrpo_follows_a_hand_computed_round()
    {
        // After 4 rollouts each, T = 12; α = 0.05: t(0.975, 3) = 3.182446, t(0.975, 4) = 2.776445, t(0.975, 5) = 2.570582.
        // s = 0.577350 (2 of 4), 0.5 (1 of 4), 0 (none):
        //   h(4) − h(5) = s·(3.182446/2 − 2.776445/√5) = s·0.349559; h(5) − h(6) = s·0.192230.
        //   λ = 0.1: 0.1·√(ln 13/4) = 0.080077, 0.1·√(ln 13/5) = 0.071623.
        // Priorities of the 5th rollout: 0.281895, 0.254856, 0.080077; of the 6th: 0.182607, 0.167738, 0.071623.
        var outcomes = Outcomes([4, 4, 4], [2, 1, 0], round: 1);
        var rule = new XrpoRule(new AllocationBounds(2, 128, Auto), 4, 1, 0.1, 0.05);
        Assert.Equal([1, 0, 0], rule.Continue(Statistics(1000, 0.5, 0.25, 0), outcomes, 1).Plan);
        Assert.Equal([1, 1, 0], rule.Continue(Statistics(1000, 0.5, 0.25, 0), outcomes, 2).Plan);
        Assert.Equal([2, 1, 0], rule.Continue(Statistics(1000, 0.5, 0.25, 0), outcomes, 3).Plan);
        Assert.Equal([2, 2, 0], rule.Continue(Statistics(1000, 0.5, 0.25, 0), outcomes, 4).Plan);
        Assert.Equal(0.281895 + 0.254856 + 0.182607, rule.Continue(Statistics(1000, 0.5, 0.25, 0), outcomes, 3).Value, 5);
    }

    [Fact]
    public void Xrpo_without_a_bonus_leaves_prompts_without_spread_alone_and_ends_with_the_budget()
    {
        var rule = new XrpoRule(new AllocationBounds(2, 128, Auto), 4, 100, 0, 0.05);
        var plan = rule.NextRound(Statistics(20, 0.5, 0.25, 0), Outcomes([4, 4, 4], [2, 1, 0], round: 1))!.Plan;
        Assert.Equal((8, 0), (plan.Sum(), plan[2]));
        Assert.Equal(0, rule.NextRound(Statistics(12, 0.5, 0.25, 0), Outcomes([4, 4, 4], [2, 1, 0], round: 1))!.Plan.Sum());
    }

    [Fact]
    public void Xrpo_counts_rollouts_in_flight_as_if_they_had_narrowed_the_interval()
    {
        // As above, but the first prompt has a fifth rollout in flight: its next priority is that of a sixth, 0.182607 (T = 13:
        // 0.5774·0.192230 + 0.1·√(ln 14/5) = 0.110984 + 0.072651 = 0.183635), so the second prompt's 0.174780 + 0.1·√(ln 14/4)
        // = 0.256007 comes first.
        var outcomes = Outcomes([5, 4, 4], [2, 1, 0], round: 2) with
        {
            InFlight = [1, 0, 0], Graded = [4, 4, 4], Deviation = [0.577350, 0.5, 0],
        };
        var rule = new XrpoRule(new AllocationBounds(2, 128, Auto), 4, 1, 0.1, 0.05);
        Assert.Equal([0, 1, 0], rule.Continue(Statistics(1000, 0.5, 0.25, 0), outcomes, 1).Plan);
        Assert.Equal(0.256007, rule.Continue(Statistics(1000, 0.5, 0.25, 0), outcomes, 1).Value, 4);
        Assert.Equal(0.256007 + 0.183635, rule.Continue(Statistics(1000, 0.5, 0.25, 0), outcomes, 2).Value, 4);
    }

    [Fact]
    public void Adaptive_waits_for_a_prompt_s_own_rollouts_only()
    {
        var rule = new AdaptiveRule(new AllocationBounds(4, 16, Auto), 3);
        var outcomes = Outcomes([4, 4, 4], [0, 0, 1], round: 1) with { InFlight = [0, 4, 0], Graded = [4, 0, 4] };
        Assert.Equal([3, 0, 0], rule.NextRound(Statistics(100, 0.5, 0.5, 0.5), outcomes)!.Plan);
    }

    [Fact]
    public void Adaptive_goes_on_only_where_nothing_succeeded()
    {
        var rule = new AdaptiveRule(new AllocationBounds(4, 6, Auto), 3);
        Assert.Equal([4, 4, 4], rule.NextRound(Statistics(100, 0.5, 0.5, 0.5), Outcomes([0, 0, 0], [0, 0, 0], round: 0))!.Plan);
        Assert.Equal([0, 2, 2], rule.NextRound(Statistics(100, 0.5, 0.5, 0.5), Outcomes([4, 4, 4], [1, 0, 0], round: 1))!.Plan);
        Assert.Equal([0, 0, 0], rule.NextRound(Statistics(100, 0.5, 0.5, 0.5), Outcomes([4, 6, 6], [1, 0, 0], round: 2))!.Plan);
        Assert.Equal([0, 1, 0], rule.NextRound(Statistics(13, 0.5, 0.5, 0.5), Outcomes([4, 4, 4], [1, 0, 0], round: 1))!.Plan);
    }

    [Fact]
    public void Difficulty_pools_share_by_weight()
    {
        var rule = new DifficultyPoolRule(new AllocationBounds(0, 128, Auto), new DifficultyPools());

        // Weights 0.2, 1, 0.2, 1 of 24: 2, 10, 2, 10.
        Assert.Equal([2, 10, 2, 10], Plan(rule, 24, 0.25, 0.75, 0.76, double.NaN));
    }

    [Fact]
    public void Ucb_is_certain_of_what_it_has_seen_often()
    {
        var rule = new UcbRule(new AllocationBounds(2, 128, Auto), 0.25);
        var statistics = Statistics(24, 0, 0) with { Successes = [0.5, 0.5], Failures = [0.5, 10_000.5], Evidence = [0, 10_000] };
        var plan = rule.NextRound(statistics, Outcomes([0, 0], [0, 0], round: 0))!.Plan;
        Assert.True(plan[0] > plan[1]);
    }

    [Fact]
    public void Spo_samples_in_proportion_to_spread()
    {
        // Weights √(v(1−v)) + 0.05: 0.55 at v = 0.5, 0.05 at v = 0 or 1. With one draw the chances are 0.55/0.65, 0.05/0.65, 0.05/0.65.
        var counts = new int[3];
        for (var seed = 0UL; seed < 20_000; seed++)
        {
            var rule = new SpoRule(1, 0.05, new RandomStreams(seed));
            var statistics = Statistics(1, 0.5, 0, 1) with { Successes = [1, 0, 1], Failures = [1, 1, 0] };
            counts[Array.IndexOf(rule.NextRound(statistics, Outcomes([0, 0, 0], [0, 0, 0], round: 0))!.Plan, 1)]++;
        }

        Assert.Equal(0.55 / 0.65, counts[0] / 20_000.0, 2);
        Assert.Equal(0.05 / 0.65, counts[1] / 20_000.0, 2);
    }

    [Theory]
    [InlineData(0.5, 0.5)]
    [InlineData(2, 5)]
    [InlineData(0.01, 3)]
    public void Beta_draws_have_the_moments_of_the_distribution(double a, double b)
    {
        var streams = new RandomStreams(4);
        var draws = Enumerable.Range(0, 40_000).Select(i => BetaDraw.From(streams.Stream(StreamPurpose.BudgetAllocation, 1, i), a, b)).ToArray();
        var mean = a / (a + b);
        var variance = mean * (1 - mean) / (a + b + 1);
        Assert.All(draws, d => Assert.InRange(d, 0, 1));
        Assert.InRange(Math.Abs(draws.Average() - mean), 0, 5 * Math.Sqrt(variance / draws.Length));
        Assert.Equal(variance, draws.Average(d => (d - mean) * (d - mean)), 0.003);
    }

    private static int[] Plan(IAllocationRule rule, double budget, params double[] rates)
    {
        var none = new int[rates.Length];
        return rule.NextRound(Statistics(budget, rates), Outcomes(none, none, round: 0))!.Plan;
    }

    private static PromptStatistics Statistics(double budget, params double[] rates) => new()
    {
        Ids = rates.Select((_, i) => $"p{i}").ToArray(),
        Keys = rates.Select((_, i) => (long)i).ToArray(),
        Rates = rates,
        Successes = rates.Select(_ => 0.5).ToArray(),
        Failures = rates.Select(_ => 0.5).ToArray(),
        Evidence = rates.Select(_ => 8.0).ToArray(),
        Budgets = [new BudgetLimit("rollouts", null, budget)],
    };

    /// <summary>Rewards of 0 and 1.</summary>
    private static RoundOutcomes Outcomes(int[] given, int[] correct, int round) => new()
    {
        Step = 1,
        Round = round,
        Given = given,
        InFlight = new int[given.Length],
        Graded = given,
        Correct = correct,
        Mean = given.Select((n, i) => n == 0 ? 0 : (double)correct[i] / n).ToArray(),
        Deviation = given.Select((n, i) => n < 2 ? 0 : Math.Sqrt((double)correct[i] * (n - correct[i]) / n / (n - 1))).ToArray(),
    };
}
