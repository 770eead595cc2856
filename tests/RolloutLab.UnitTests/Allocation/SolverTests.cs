using RolloutLab.Allocation;
using RolloutLab.Core;

namespace RolloutLab.UnitTests.Allocation;

/// <summary>Every solver against brute force, and what all plans obey.</summary>
public class SolverTests
{
    [Fact]
    public void Threshold_matches_brute_force_on_4000_random_problems() => MatchBruteForce(4000, SolverKind.Threshold, costs: false, zeroLow: false);

    [Fact]
    public void Core_matches_brute_force_on_3000_random_problems_with_costs() => MatchBruteForce(3000, SolverKind.Core, costs: true, zeroLow: true);

    [Fact]
    public void Core_matches_brute_force_on_1000_random_problems_without_costs() => MatchBruteForce(1000, SolverKind.Core, costs: false, zeroLow: true);

    [Fact]
    public void Dynamic_programme_matches_brute_force_on_1000_random_problems() =>
        MatchBruteForce(1000, SolverKind.DynamicProgramme, costs: false, zeroLow: true);

    [Fact]
    public void Auto_matches_brute_force_on_1000_random_problems_of_any_shape()
    {
        MatchBruteForce(500, SolverKind.Auto, costs: true, zeroLow: true);
        MatchBruteForce(500, SolverKind.Auto, costs: false, zeroLow: true);
    }

    [Theory]
    [InlineData(SolverKind.Threshold)]
    [InlineData(SolverKind.Core)]
    public void Larger_problems_match_the_dynamic_programme(SolverKind kind)
    {
        var random = new Random(7);
        for (var trial = 0; trial < 20; trial++)
        {
            var count = random.Next(20, 80);
            var rates = Enumerable.Range(0, count).Select(_ => random.Next(9) / 8.0).ToArray();
            var problem = Rollouts(new SuccessRateValue(rates), kind == SolverKind.Core ? 0 : 1, 40, 8 * count);
            var plan = AllocationSolver.Solve(problem, new SolverOptions(kind));
            Assert.Equal(problem.ValueOf(DynamicProgramme.Solve(problem)), plan.Value, 10);
            Assert.Equal(0, plan.Gap);
            BruteForce.AssertSound(problem, plan.Plan);
        }
    }

    [Fact]
    public void Plans_of_permuted_prompts_are_the_permuted_plans()
    {
        var random = new Random(11);
        foreach (var low in new[] { 0, 2 })
        {
            var rates = Enumerable.Range(0, 60).Select(_ => random.Next(5) / 4.0).ToArray();
            var order = Enumerable.Range(0, rates.Length).ToArray();
            random.Shuffle(order);
            var plan = AllocationSolver.Solve(Rollouts(new SuccessRateValue(rates), low, 30, 487), new SolverOptions()).Plan;
            var shuffled = new AllocationProblem(
                new SuccessRateValue(order.Select(i => rates[i]).ToArray()),
                Enumerable.Repeat(low, 60).ToArray(),
                Enumerable.Repeat(30, 60).ToArray(),
                [new BudgetLimit("rollouts", null, 487)],
                Comparer<int>.Create((x, y) => order[x].CompareTo(order[y])));
            Assert.Equal(order.Select(i => plan[i]), AllocationSolver.Solve(shuffled, new SolverOptions()).Plan);
        }
    }

    [Fact]
    public void Ten_million_prompts_do_not_overflow()
    {
        const int count = 10_000_000;
        var rates = new double[count];
        for (var i = 0; i < count; i++)
        {
            rates[i] = (i % 1009) / 1008.0;
        }

        var problem = Rollouts(new SuccessRateValue(rates), 1, 100_000, 400_000_000_000);
        var plan = ThresholdSolver.Solve(problem);
        Assert.Equal(400_000_000_000, plan.Sum(n => (long)n));
    }

    [Fact]
    public void What_has_no_value_is_spread_evenly()
    {
        var plan = ThresholdSolver.Solve(Rollouts(new SuccessRateValue([0, 0, 1, 0.5]), 1, 6, 14));
        Assert.Equal([3, 3, 2, 6], plan);
    }

    [Theory]
    [InlineData(SolverKind.Cbc, 300)]
    [InlineData(SolverKind.Auto, 100)]
    public void Two_budgets_match_brute_force(SolverKind kind, int trials)
    {
        Assert.NotNull(IntegerProgramme.SolverVersion);
        var problems = new RandomProblems(5);
        for (var trial = 0; trial < trials; trial++)
        {
            var problem = problems.Next(costs: trial % 2 == 0, zeroLow: trial % 3 > 0, budgets: 2);
            var solution = AllocationSolver.Solve(problem, new SolverOptions(kind, Gap: 0));
            Assert.Equal(BruteForce.Best(problem), solution.Value, 6);
            Assert.InRange(solution.Gap, 0, 1e-6);
            BruteForce.AssertSound(problem, solution.Plan);
        }
    }

    [Fact]
    public void Without_time_the_integer_programme_still_answers_with_a_gap_that_holds()
    {
        var random = new Random(3);
        var rates = Enumerable.Range(0, 40).Select(_ => random.NextDouble()).ToArray();
        var costs = rates.Select(_ => 10 + (90 * random.NextDouble())).ToArray();
        var problem = new AllocationProblem(
            new SuccessRateValue(rates), Enumerable.Repeat(2, 40).ToArray(), Enumerable.Repeat(64, 40).ToArray(),
            [new BudgetLimit("rollouts", null, 320), new BudgetLimit("tokens", costs, 15_000)]);
        var hurried = AllocationSolver.Solve(problem, new SolverOptions(SolverKind.Cbc, TimeLimitSeconds: 1e-3));
        var best = AllocationSolver.Solve(problem, new SolverOptions(SolverKind.Cbc, TimeLimitSeconds: 20));
        BruteForce.AssertSound(problem, hurried.Plan);
        Assert.True(hurried.Value <= best.Value + 1e-9);
        Assert.True(best.Value <= hurried.Value / (1 - hurried.Gap) * (1 + 1e-9), $"{hurried.Value} gap {hurried.Gap} best {best.Value}");
    }

    [Fact]
    public void Impossible_budgets_name_the_feasible_range()
    {
        var values = new SuccessRateValue([0.5, 0.5, 0.5]);
        Assert.Contains("6 to 12", Assert.Throws<BudgetException>(() => Rollouts(values, 2, 4, 5)).Message, StringComparison.Ordinal);
        Assert.Contains("6 to 12", Assert.Throws<BudgetException>(() => Rollouts(values, 2, 4, 13)).Message, StringComparison.Ordinal);
        Assert.Throws<BudgetException>(() => Rollouts(values, 2, 4, double.NaN));
        Assert.Throws<BudgetException>(() => Rollouts(new SuccessRateValue([]), 2, 4, 8));
        Assert.Throws<BudgetException>(() => new AllocationProblem(values, [1, 1, 1], [2, 2, 2], [new BudgetLimit("tokens", [1, -1, 1], 5)]));
        Assert.Throws<ArgumentException>(() => new TableValue([[0, 2, 1]]));
    }

    private static void MatchBruteForce(int trials, SolverKind kind, bool costs, bool zeroLow)
    {
        var problems = new RandomProblems((int)kind + (costs ? 100 : 0));
        for (var trial = 0; trial < trials; trial++)
        {
            var problem = problems.Next(costs, zeroLow);
            var solution = AllocationSolver.Solve(problem, new SolverOptions(kind));
            var best = BruteForce.Best(problem);
            Assert.True(Math.Abs(best - solution.Value) <= 1e-12 * Math.Max(1, best), $"trial {trial}: {solution.Value} instead of {best}");
            Assert.Equal(0, solution.Gap);
            BruteForce.AssertSound(problem, solution.Plan);
        }
    }

    private static AllocationProblem Rollouts(SuccessRateValue values, int low, int up, double budget) => new(
        values, Enumerable.Repeat(low, values.Count).ToArray(), Enumerable.Repeat(up, values.Count).ToArray(), [new BudgetLimit("rollouts", null, budget)]);
}
