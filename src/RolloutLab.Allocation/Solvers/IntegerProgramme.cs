using System.Globalization;

namespace RolloutLab.Allocation;

/// <summary>
/// Problems with several budgets, as a mixed-integer programme for COIN-OR CBC. A greedy plan under the Lagrangian bound
/// is there before the solver starts, so there is an answer also when its time runs out or it is not installed; the gap
/// says how far off it may be. One thread, so that the same problem gives the same plan, unless the time limit cuts in.
/// </summary>
public static class IntegerProgramme
{
    /// <summary>Version of CBC; null when it is not installed.</summary>
    public static string? SolverVersion => CbcModel.IsAvailable ? CbcModel.Version() : null;

    /// <summary>A plan within every budget, with its gap.</summary>
    public static AllocationSolution Solve(AllocationProblem problem, SolverOptions options)
    {
        var lagrangian = new LagrangianBound(problem);
        var plan = (int[])lagrangian.Plan.Clone();
        GreedyImprovement.Apply(problem, plan);
        if (!problem.Affords(plan))
        {
            plan = lagrangian.Plan;
        }

        var (value, bound) = (problem.ValueOf(plan), lagrangian.Bound);
        if (GapOf(value, bound) > options.Gap && CbcModel.IsAvailable)
        {
            var (found, searched) = Search(problem, options);
            bound = Math.Min(bound, searched);
            if (found is not null && problem.Affords(found) && problem.ValueOf(found) > value)
            {
                plan = found;
            }
        }

        EvenFill.Spend(problem, plan, problem.Up);
        value = problem.ValueOf(plan);
        return new AllocationSolution(plan, value, GapOf(value, bound), SolverKind.Cbc);
    }

    private static double GapOf(double value, double bound) => bound > 0 ? Math.Max(0, bound - value) / bound : 0;

    private static (int[]? Plan, double Bound) Search(AllocationProblem problem, SolverOptions options)
    {
        var program = new BinaryProgram(problem);
        if (program.Objective.Count == 0)
        {
            return (null, double.PositiveInfinity);
        }

        using var model = CbcModel.Create();
        model.Load(program);
        model.Set("ratioGap", options.Gap.ToString("R", CultureInfo.InvariantCulture));
        model.Set("seconds", options.TimeLimitSeconds.ToString("R", CultureInfo.InvariantCulture));
        model.Set("threads", "0");
        return model.Solve(out var solution, out var bound)
            ? (program.PlanOf(problem, solution), bound + problem.ValueOf(problem.Low))
            : (null, double.PositiveInfinity);
    }
}
