using RolloutLab.Core;

namespace RolloutLab.Allocation;

/// <summary>
/// The published solver (Knapsack RL, arXiv 2509.25849): a multiple-choice knapsack by dynamic programming over
/// prompts × budget. Exact for any values and whole costs; time prompts × budget × choices, memory prompts × budget.
/// </summary>
public static class DynamicProgramme
{
    /// <summary>Most cells (prompts × budget) that are tried: 1 GiB of choices.</summary>
    public const long MostCells = 1L << 29;

    /// <summary>Whether the problem has one budget, whole costs of at least 1 and a table of a size that can be filled.</summary>
    public static bool Fits(AllocationProblem problem) => problem.Budgets.Count == 1
        && problem.Budgets[0].Costs?.All(c => c >= 1 && c == Math.Floor(c)) != false
        && Room(problem) * problem.Count <= MostCells
        && problem.Up.Zip(problem.Low, (up, low) => up - low).Max() <= ushort.MaxValue;

    /// <summary>The best plan.</summary>
    /// <exception cref="BudgetException">The problem does not <see cref="Fits"/>.</exception>
    public static int[] Solve(AllocationProblem problem)
    {
        if (!Fits(problem))
        {
            throw new BudgetException(
                $"the dynamic programme takes one budget, whole costs of at least 1 and at most {MostCells} cells (prompts × budget); use another solver");
        }

        var room = (int)Room(problem);
        var choices = new ushort[problem.Count][];
        var (best, next) = (new double[room + 1], new double[room + 1]);
        for (var i = 0; i < problem.Count; i++)
        {
            choices[i] = new ushort[room + 1];
            Extend(problem, i, best, next, choices[i]);
            (best, next) = (next, best);
        }

        var plan = (int[])problem.Low.Clone();
        for (int i = problem.Count - 1, left = room; i >= 0; i--)
        {
            plan[i] += choices[i][left];
            left -= choices[i][left] * (int)problem.Budgets[0].CostOf(i);
        }

        EvenFill.Spend(problem, plan, problem.Up);
        return plan;
    }

    /// <summary>One prompt more: for each budget, the best number of extra rollouts of this prompt.</summary>
    private static void Extend(AllocationProblem problem, int prompt, double[] best, double[] next, ushort[] choice)
    {
        var low = problem.Low[prompt];
        var row = new double[problem.Up[prompt] + 1];
        problem.Values.Fill(prompt, row);
        var cost = (int)Math.Min(problem.Budgets[0].CostOf(prompt), int.MaxValue);
        for (var b = 0; b < best.Length; b++)
        {
            var most = Math.Min(row.Length - 1 - low, b / cost);
            var (value, chosen) = (double.NegativeInfinity, 0);
            for (var n = 0; n <= most; n++)
            {
                var candidate = best[b - (n * cost)] + row[low + n];
                if (candidate > value)
                {
                    (value, chosen) = (candidate, n);
                }
            }

            (next[b], choice[b]) = (value, (ushort)chosen);
        }
    }

    private static long Room(AllocationProblem problem)
    {
        var budget = problem.Budgets[0];
        return (long)Math.Floor(Math.Min(budget.Amount, budget.Of(problem.Up)) - budget.Of(problem.Low));
    }
}
