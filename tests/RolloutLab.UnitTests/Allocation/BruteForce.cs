using RolloutLab.Allocation;

namespace RolloutLab.UnitTests.Allocation;

/// <summary>The best value of a small problem by trying every plan.</summary>
internal static class BruteForce
{
    public static double Best(AllocationProblem problem)
    {
        var best = double.NegativeInfinity;
        var plan = (int[])problem.Low.Clone();
        while (true)
        {
            if (problem.Affords(plan))
            {
                best = Math.Max(best, problem.ValueOf(plan));
            }

            var i = 0;
            while (i < plan.Length && plan[i] == problem.Up[i])
            {
                plan[i] = problem.Low[i];
                i++;
            }

            if (i == plan.Length)
            {
                return best;
            }

            plan[i]++;
        }
    }

    /// <summary>Bounds hold, budgets hold, and no rollout more would fit.</summary>
    public static void AssertSound(AllocationProblem problem, int[] plan)
    {
        Assert.True(problem.Affords(plan));
        for (var i = 0; i < plan.Length; i++)
        {
            Assert.InRange(plan[i], problem.Low[i], problem.Up[i]);
            if (plan[i] < problem.Up[i])
            {
                plan[i]++;
                Assert.False(problem.Affords(plan), $"one rollout more of prompt {i} fits");
                plan[i]--;
            }
        }
    }
}

/// <summary>Random small problems of every shape.</summary>
internal sealed class RandomProblems(int seed)
{
    private readonly Random _random = new(seed);

    public AllocationProblem Next(bool costs, bool zeroLow, int budgets = 1)
    {
        var count = _random.Next(1, 5);
        var (low, up) = (new int[count], new int[count]);
        for (var i = 0; i < count; i++)
        {
            low[i] = zeroLow && _random.Next(3) > 0 ? 0 : _random.Next(1, 3);
            up[i] = low[i] + _random.Next(0, 6);
        }

        var limits = Enumerable.Range(0, budgets).Select(b => Limit(b, low, up, costs || b > 0, budgets)).ToList();
        return new AllocationProblem(Values(count, up, zeroLow || costs), low, up, limits);
    }

    private BudgetLimit Limit(int index, int[] low, int[] up, bool costs, int budgets)
    {
        var shape = _random.Next(3);
        var prices = costs
            ? low.Select(_ => shape == 0 ? _random.Next(1, 6) : shape == 1 ? _random.Next(1, 20) * 0.5 : _random.NextDouble() * 3).ToArray()
            : null;
        var limit = new BudgetLimit($"budget {index}", prices, 0);
        var (least, most) = (limit.Of(low), limit.Of(up));
        var amount = least + ((most - least) * _random.NextDouble());
        return limit with { Amount = prices is null ? Math.Floor(amount) : budgets == 1 && _random.Next(4) == 0 ? least : amount };
    }

    private IRolloutValue Values(int count, int[] up, bool anyShape)
    {
        var special = new[] { 0, 1, 0.5, 1.0 / 3, 1e-9, 0.25, 0.75 };
        switch (_random.Next(anyShape ? 3 : 2))
        {
            case 0:
                return new SuccessRateValue(up.Select(_ => _random.Next(2) == 0 ? special[_random.Next(special.Length)] : _random.NextDouble()).ToArray());
            case 1:
                return new PosteriorValue(up.Select(_ => 0.5 + _random.Next(9)).ToArray(), up.Select(_ => 0.5 + _random.Next(9)).ToArray());
            default:
                return new TableValue(Enumerable.Range(0, count).Select(i => Table(up[i])).ToArray());
        }
    }

    private double[] Table(int up)
    {
        var row = new double[up + 1];
        for (var n = 1; n <= up; n++)
        {
            row[n] = row[n - 1] + (_random.Next(3) == 0 ? 0 : _random.Next(2) == 0 ? _random.Next(4) : _random.NextDouble());
        }

        return row;
    }
}
