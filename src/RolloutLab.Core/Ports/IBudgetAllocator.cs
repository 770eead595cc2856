namespace RolloutLab.Core;

/// <summary>What an allocator knows when it is asked for the next round of a step.</summary>
/// <param name="Step">Training step.</param>
/// <param name="Round">Round inside the step, from 0.</param>
/// <param name="Prompts">The step's prompts.</param>
/// <param name="GradedSoFar">What there is of the step's earlier rounds, merged by prompt, aligned to <paramref name="Prompts"/>; empty in round 0.</param>
public sealed record BudgetRequest(long Step, int Round, IReadOnlyList<Prompt> Prompts, IReadOnlyList<GradedGroup> GradedSoFar)
{
    /// <summary>
    /// Rollouts asked for in earlier rounds, aligned to the prompts; empty where they are those of <see cref="GradedSoFar"/>.
    /// More than those where some are in flight, or where a log had fewer than were asked for.
    /// </summary>
    public IReadOnlyList<int> Asked { get; init; } = [];

    /// <summary>How many of them are still being made, aligned to the prompts; empty for none.</summary>
    public IReadOnlyList<int> InFlight { get; init; } = [];
}

/// <summary>Decides how many rollouts each prompt of a step gets, round by round.</summary>
public interface IBudgetAllocator
{
    /// <summary>
    /// The next round's plan; <see cref="BudgetPlan.Empty"/> ends the step, unless rollouts are in flight: then it is asked
    /// again when more of them are there. Deterministic in the request and the allocator's state; ties are broken by
    /// prompt id.
    /// </summary>
    BudgetPlan NextRound(BudgetRequest request);
}
