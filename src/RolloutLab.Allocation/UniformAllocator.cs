using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Allocation;

/// <summary>Every prompt of a step gets the same number of rollouts, in one round.</summary>
public sealed class UniformAllocator(UniformBudgetSection section) : IBudgetAllocator
{
    /// <inheritdoc/>
    public BudgetPlan NextRound(BudgetRequest request)
    {
        if (request.Round > 0 || request.Prompts.Count == 0)
        {
            return BudgetPlan.Empty;
        }

        var budgets = request.Prompts.Select(p => new PromptBudget(p, FirstRollout: 0, section.RolloutsPerPrompt)).ToList();
        return new BudgetPlan(budgets, (double)budgets.Count * section.RolloutsPerPrompt);
    }
}
