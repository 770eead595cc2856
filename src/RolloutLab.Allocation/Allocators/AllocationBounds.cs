namespace RolloutLab.Allocation;

/// <summary>Bounds on the rollouts of every prompt, and how plans within them are found.</summary>
/// <param name="Low">Least rollouts of a prompt, at least 0.</param>
/// <param name="Up">Most rollouts of a prompt.</param>
/// <param name="Solver">How plans are found.</param>
public sealed record AllocationBounds(int Low, int Up, SolverOptions Solver)
{
    /// <summary>The best plan for some values within these bounds.</summary>
    public AllocationSolution Solve(PromptStatistics prompts, IRolloutValue values) => Solve(prompts, values, All(prompts, Low), All(prompts, Up));

    /// <summary>The best plan for some values within bounds of each prompt's own.</summary>
    public AllocationSolution Solve(PromptStatistics prompts, IRolloutValue values, int[] low, int[] up) =>
        AllocationSolver.Solve(new AllocationProblem(values, low, up, prompts.Budgets, prompts.ById), Solver);

    /// <summary>The same bound for every prompt.</summary>
    public static int[] All(PromptStatistics prompts, int bound)
    {
        var bounds = new int[prompts.Count];
        Array.Fill(bounds, bound);
        return bounds;
    }
}
