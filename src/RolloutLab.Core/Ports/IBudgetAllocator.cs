namespace RolloutLab.Core;

/// <summary>What an allocator knows when it is asked for the next round of a step.</summary>
/// <param name="Step">Training step.</param>
/// <param name="Round">Round inside the step, from 0.</param>
/// <param name="Prompts">The step's prompts.</param>
/// <param name="GradedSoFar">Groups of the step's earlier rounds, merged by prompt, aligned to <paramref name="Prompts"/>; empty in round 0.</param>
public sealed record BudgetRequest(long Step, int Round, IReadOnlyList<Prompt> Prompts, IReadOnlyList<GradedGroup> GradedSoFar);

/// <summary>Decides how many rollouts each prompt of a step gets, round by round.</summary>
public interface IBudgetAllocator
{
    /// <summary>
    /// The next round's plan; <see cref="BudgetPlan.Empty"/> ends the step. Deterministic in the request and the
    /// allocator's state; ties are broken by prompt id.
    /// </summary>
    BudgetPlan NextRound(BudgetRequest request);
}
