namespace RolloutLab.Allocation;

/// <summary>A plan and what is known of how good it is.</summary>
/// <param name="Plan">Rollouts of each prompt.</param>
/// <param name="Value">Σ V(i, n_i).</param>
/// <param name="Gap">
/// How far the best plan can be above it: (bound − value) / bound, in [0, 1]; 0 for a plan that is proven the best.
/// </param>
/// <param name="Solver">Which solver made it.</param>
public sealed record AllocationSolution(int[] Plan, double Value, double Gap, SolverKind Solver);

/// <summary>How a problem is solved.</summary>
public enum SolverKind
{
    /// <summary>Whichever fits the problem.</summary>
    Auto,

    /// <summary>One threshold on the marginal values: exact where they fall and every rollout costs the same.</summary>
    Threshold,

    /// <summary>The textbook dynamic programme over prompts × budget: exact for any values and whole costs, at small sizes.</summary>
    DynamicProgramme,

    /// <summary>
    /// A dynamic programme over the few choices that a Lagrangian bound leaves open: exact for any values and costs
    /// under one budget.
    /// </summary>
    Core,

    /// <summary>A mixed-integer programme solved by COIN-OR CBC: several budgets.</summary>
    Cbc,
}
