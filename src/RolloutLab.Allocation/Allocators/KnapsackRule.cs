namespace RolloutLab.Allocation;

/// <summary>
/// Knapsack RL (arXiv 2509.25849), as published: the most Σ [1 − pⁿ − (1−p)ⁿ]·p(1−p)² at the success rates when last
/// seen; a prompt never seen gets the mean number of rollouts. Fallback: when the budget lets every effective prompt
/// (0 &lt; p &lt; 1) reach the count at which both outcomes are seen with the confidence asked for, each gets that count,
/// and the rest goes evenly to the prompts at 0, or to those at 1 if there is none at 0; what even those cannot take goes
/// back to the greatest value.
/// </summary>
/// <param name="bounds">Bounds and solver.</param>
/// <param name="unseenRollouts">Rollouts of a prompt never seen.</param>
/// <param name="confidence">Confidence of the fallback's count, in (0, 1); published: 0.9.</param>
/// <param name="fallback">Whether the fallback applies; without it the value alone decides.</param>
public sealed class KnapsackRule(AllocationBounds bounds, int unseenRollouts, double confidence, bool fallback) : IAllocationRule
{
    /// <inheritdoc/>
    public AllocationSolution? NextRound(PromptStatistics prompts, RoundOutcomes outcomes)
    {
        if (outcomes.Round > 0)
        {
            return null;
        }

        var values = new SuccessRateValue(prompts.Rates.Select(r => double.IsNaN(r) ? 0 : r).ToArray());
        var (low, up) = Bounds(prompts);
        var best = bounds.Solve(prompts, values, low, up);
        var spread = fallback ? Spread(prompts, values, low, up) : null;
        if (spread is null)
        {
            return best;
        }

        var gap = best.Value > 0 ? Math.Max(0, best.Value - spread.Value) / best.Value : 0;
        return spread with { Gap = 1 - ((1 - gap) * (1 - best.Gap)) };
    }

    private (int[] Low, int[] Up) Bounds(PromptStatistics prompts)
    {
        var (low, up) = (AllocationBounds.All(prompts, bounds.Low), AllocationBounds.All(prompts, bounds.Up));
        var unseen = Math.Clamp(unseenRollouts, bounds.Low, bounds.Up);
        for (var i = 0; i < prompts.Count; i++)
        {
            if (double.IsNaN(prompts.Rates[i]))
            {
                low[i] = up[i] = unseen;
            }
        }

        // Where the budget is too small for that, unseen prompts get what there is; too large, more than that.
        var isEnough = prompts.Budgets.All(b => b.Of(low) <= b.Amount);
        var isRoom = prompts.Budgets.Count > 1 || prompts.Budgets[0].Of(up) >= prompts.Budgets[0].Amount;
        return (isEnough ? low : AllocationBounds.All(prompts, bounds.Low), isRoom ? up : AllocationBounds.All(prompts, bounds.Up));
    }

    /// <summary>The fallback's plan; null when the budget does not reach that far or there is nobody to fall back on.</summary>
    private AllocationSolution? Spread(PromptStatistics prompts, SuccessRateValue values, int[] low, int[] up)
    {
        var plan = (int[])low.Clone();
        for (var i = 0; i < plan.Length; i++)
        {
            if (prompts.Rates[i] is > 0 and < 1)
            {
                plan[i] = Math.Clamp(GradientOdds.ConfidentCount(prompts.Rates[i], confidence), low[i], up[i]);
            }
        }

        var problem = new AllocationProblem(values, low, up, prompts.Budgets, prompts.ById);
        var certain = prompts.Rates.Contains(0) ? 0.0 : 1.0;
        var open = plan.Select((n, i) => prompts.Rates[i] == certain ? up[i] : n).ToArray();
        if (!prompts.Rates.Contains(certain) || !problem.Affords(plan))
        {
            return null;
        }

        EvenFill.Spend(problem, plan, open);
        return bounds.Solve(prompts, values, plan, up);
    }
}
