namespace RolloutLab.Allocation;

/// <summary>How hard to try where a problem needs a search.</summary>
/// <param name="Kind">Which solver; <see cref="SolverKind.Auto"/> lets the problem decide.</param>
/// <param name="TimeLimitSeconds">Most seconds of the mixed-integer solver, above 0. A plan that it cut short depends on the machine's speed.</param>
/// <param name="Gap">Gap at which the mixed-integer solver may stop, at least 0.</param>
public sealed record SolverOptions(SolverKind Kind = SolverKind.Auto, double TimeLimitSeconds = 10, double Gap = 1e-6);

/// <summary>Solves allocation problems with the solver that fits.</summary>
public static class AllocationSolver
{
    private const long SmallTable = 1L << 20;

    /// <summary>A plan within every bound and budget, the best one unless <see cref="AllocationSolution.Gap"/> says how far off it may be.</summary>
    /// <exception cref="Core.BudgetException">The solver asked for cannot take the problem.</exception>
    public static AllocationSolution Solve(AllocationProblem problem, SolverOptions options)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(options);
        var kind = options.Kind == SolverKind.Auto ? Choose(problem) : options.Kind;
        if (kind == SolverKind.Threshold)
        {
            Require(ThresholdSolver.Fits(problem), "threshold", "one budget of rollouts and marginal values that fall (n_low of at least 1)");
            return Exact(problem, ThresholdSolver.Solve(problem), kind);
        }

        // In the problem's own order, so that neither ties nor rounding depend on where a prompt stands.
        var canonical = new CanonicalOrder(problem);
        return canonical.Restore(Search(canonical.Problem, options, kind));
    }

    private static AllocationSolution Search(AllocationProblem problem, SolverOptions options, SolverKind kind)
    {
        switch (kind)
        {
            case SolverKind.DynamicProgramme:
                return Exact(problem, DynamicProgramme.Solve(problem), kind);
            case SolverKind.Core:
                Require(CoreSolver.Fits(problem), "core", "one budget");
                return CoreSolver.Solve(problem);
            default:
                return IntegerProgramme.Solve(problem, options);
        }
    }

    private static SolverKind Choose(AllocationProblem problem) =>
        problem.Budgets.Count > 1 ? SolverKind.Cbc
        : ThresholdSolver.Fits(problem) ? SolverKind.Threshold
        : DynamicProgramme.Fits(problem) && problem.Budgets[0].Amount * problem.Count <= SmallTable ? SolverKind.DynamicProgramme
        : SolverKind.Core;

    private static AllocationSolution Exact(AllocationProblem problem, int[] plan, SolverKind kind) => new(plan, problem.ValueOf(plan), 0, kind);

    private static void Require(bool fits, string solver, string needs)
    {
        if (!fits)
        {
            throw new Core.BudgetException($"solver {solver} needs {needs}; use solver auto");
        }
    }
}
