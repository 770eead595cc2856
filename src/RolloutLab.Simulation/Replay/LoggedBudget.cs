using RolloutLab.Core;

namespace RolloutLab.Simulation;

/// <summary>
/// Cuts an allocator's plans to what the log has, and counts what was wanted beyond it: the shortfall is never made up for by
/// giving a rollout twice. A step ends when nothing of a round's plan can be given.
/// </summary>
/// <param name="allocator">The allocator.</param>
/// <param name="cursor">Where the replay is.</param>
public sealed class LoggedBudget(IBudgetAllocator allocator, LogCursor cursor) : IBudgetAllocator
{
    // Of the current step, by prompt: rollouts wanted at most in all rounds so far.
    private readonly Dictionary<int, int> _wanted = [];
    private long _step;

    /// <summary>Rollouts that the step's plans came to.</summary>
    public long Planned => _wanted.Values.Sum(n => (long)n);

    /// <summary>How many of them the log does not have.</summary>
    public long Shortfall => _wanted.Sum(w => (long)Math.Max(0, w.Value - cursor.Available(w.Key)));

    /// <inheritdoc/>
    public BudgetPlan NextRound(BudgetRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (_step != request.Step)
        {
            _step = request.Step;
            _wanted.Clear();
        }

        var plan = allocator.NextRound(request);
        var given = new List<PromptBudget>(plan.Budgets.Count);
        foreach (var budget in plan.Budgets)
        {
            var index = budget.Prompt.Index;
            _wanted[index] = Math.Max(_wanted.GetValueOrDefault(index), budget.FirstRollout + budget.Rollouts);
            var left = Math.Min(budget.Rollouts, cursor.Available(index) - budget.FirstRollout);
            if (left > 0)
            {
                given.Add(budget with { Rollouts = left });
            }
        }

        return given.Count == 0 ? BudgetPlan.Empty : plan with { Budgets = given };
    }
}
