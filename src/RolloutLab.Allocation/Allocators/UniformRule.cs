namespace RolloutLab.Allocation;

/// <summary>
/// Every prompt the same number of rollouts, as GRPO does (arXiv 2402.03300), in one round; what does not divide evenly
/// goes to the first prompts by identifier.
/// </summary>
public sealed class UniformRule(AllocationBounds bounds) : IAllocationRule
{
    /// <inheritdoc/>
    public AllocationSolution? NextRound(PromptStatistics prompts, RoundOutcomes outcomes)
    {
        if (outcomes.Round > 0)
        {
            return null;
        }

        var weights = new double[prompts.Count];
        var up = AllocationBounds.All(prompts, bounds.Up);
        var problem = new AllocationProblem(new ShareValue(weights), AllocationBounds.All(prompts, bounds.Low), up, prompts.Budgets, prompts.ById);
        var plan = AllocationBounds.All(prompts, bounds.Low);
        EvenFill.Spend(problem, plan, up);
        return new AllocationSolution(plan, 0, 0, SolverKind.Auto);
    }
}
