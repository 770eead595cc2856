namespace RolloutLab.Allocation;

/// <summary>
/// AR3PO's adaptive rollouts (arXiv 2509.25808): every prompt gets a first few, then those without a success get more,
/// round by round, until one succeeds, the most a prompt may have is reached, or the budget is spent. A budget that no
/// unsolved prompt needs is not spent. A prompt waits for its own rollouts only, not for those of others in flight.
/// </summary>
/// <param name="bounds">The first round's rollouts (a round's where 0) and the most of a prompt.</param>
/// <param name="roundRollouts">Rollouts of an unsolved prompt in a later round, at least 1.</param>
public sealed class AdaptiveRule(AllocationBounds bounds, int roundRollouts) : IAllocationRule
{
    /// <inheritdoc/>
    public AllocationSolution? NextRound(PromptStatistics prompts, RoundOutcomes outcomes)
    {
        var first = Math.Min(bounds.Low > 0 ? bounds.Low : roundRollouts, bounds.Up);
        var up = new int[prompts.Count];
        for (var i = 0; i < up.Length; i++)
        {
            up[i] = outcomes.Round == 0 ? first
                : outcomes.Correct[i] > 0 || outcomes.InFlight[i] > 0 ? outcomes.Given[i]
                : Math.Min(bounds.Up, outcomes.Given[i] + roundRollouts);
        }

        var least = outcomes.Round == 0 ? AllocationBounds.All(prompts, bounds.Low) : outcomes.Given;
        var most = up.Select((n, i) => Math.Max(n, least[i])).ToArray();
        var plan = (int[])least.Clone();
        EvenFill.Spend(new AllocationProblem(new ShareValue(new double[up.Length]), least, AllocationBounds.All(prompts, int.MaxValue), prompts.Budgets, prompts.ById), plan, most);
        return new AllocationSolution(plan.Select((n, i) => n - outcomes.Given[i]).ToArray(), 0, 0, SolverKind.Auto);
    }
}
