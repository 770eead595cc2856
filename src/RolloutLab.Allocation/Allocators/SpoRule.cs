using RolloutLab.Core;

namespace RolloutLab.Allocation;

/// <summary>
/// SPO's prompt sampling (arXiv 2509.13232): prompts are drawn without replacement, in proportion to √(v(1 − v)) + floor
/// for the mean v of their posterior, until the budget is spent; each drawn prompt gets a few rollouts, published: one.
/// </summary>
/// <param name="rollouts">Rollouts of a drawn prompt, at least 1.</param>
/// <param name="floor">Added to every weight; published: 0.05.</param>
/// <param name="random">The run's random streams; a draw is keyed by step and prompt.</param>
public sealed class SpoRule(int rollouts, double floor, RandomStreams random) : IAllocationRule
{
    /// <inheritdoc/>
    public AllocationSolution? NextRound(PromptStatistics prompts, RoundOutcomes outcomes)
    {
        if (outcomes.Round > 0)
        {
            return null;
        }

        // Refuses a budget that no plan can have, with the range of those that can.
        _ = new AllocationProblem(
            new ShareValue(new double[prompts.Count]), new int[prompts.Count], AllocationBounds.All(prompts, rollouts), prompts.Budgets, prompts.ById);

        // The k least of −ln(u)/weight are a weighted sample without replacement (Efraimidis and Spirakis 2006).
        var keys = new double[prompts.Count];
        var order = new int[prompts.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            var mean = prompts.Successes[i] / (prompts.Successes[i] + prompts.Failures[i]);
            var uniform = random.Stream(StreamPurpose.BudgetAllocation, outcomes.Step, prompts.Keys[i]).Uniform(0);
            (keys[i], order[i]) = (-GradientOdds.LogOnePlus(-uniform) / (Math.Sqrt(mean * (1 - mean)) + floor), i);
        }

        var byId = prompts.ById;
        Array.Sort(order, (x, y) => keys[x] != keys[y] ? keys[x].CompareTo(keys[y]) : byId.Compare(x, y));
        return new AllocationSolution(Take(prompts, order), 0, 0, SolverKind.Auto);
    }

    private int[] Take(PromptStatistics prompts, int[] order)
    {
        var plan = new int[prompts.Count];
        var left = prompts.Budgets.Select(b => b.Amount).ToArray();
        foreach (var i in order)
        {
            var fits = true;
            for (var b = 0; b < left.Length; b++)
            {
                fits &= prompts.Budgets[b].CostOf(i) * rollouts <= left[b];
            }

            if (!fits)
            {
                continue;
            }

            plan[i] = rollouts;
            for (var b = 0; b < left.Length; b++)
            {
                left[b] -= prompts.Budgets[b].CostOf(i) * rollouts;
            }
        }

        return plan;
    }
}
