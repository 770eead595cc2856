namespace RolloutLab.Core;

/// <summary>How many rollouts one prompt gets in one round.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="FirstRollout">Index of the first new rollout in the prompt's group: how many it got in earlier rounds.</param>
/// <param name="Rollouts">New rollouts in this round, at least 1.</param>
public readonly record struct PromptBudget(Prompt Prompt, int FirstRollout, int Rollouts);

/// <summary>An allocator's answer for one round.</summary>
/// <param name="Budgets">Prompts that get rollouts, each once; empty when the step's rounds are over.</param>
/// <param name="ExpectedCost">Expected cost of the round in the budget's unit.</param>
public sealed record BudgetPlan(IReadOnlyList<PromptBudget> Budgets, double ExpectedCost)
{
    /// <summary>The plan that ends a step's rounds.</summary>
    public static BudgetPlan Empty { get; } = new([], 0);

    /// <summary>Sum of the rollouts over all prompts.</summary>
    public long TotalRollouts => Budgets.Sum(b => (long)b.Rollouts);
}
