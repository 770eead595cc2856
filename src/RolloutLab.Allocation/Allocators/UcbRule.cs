namespace RolloutLab.Allocation;

/// <summary>
/// Optimism over combinations of prompts (CUCB, arXiv 1407.8339, with the value of Knapsack RL, arXiv 2509.25849): the
/// knapsack at the most informative success rate inside each prompt's interval mean ± c·√(ln(1 + T)/(n + 1)), where n is
/// the prompt's evidence and T that of all prompts.
/// </summary>
/// <param name="bounds">Bounds and solver.</param>
/// <param name="exploration">c, at least 0.</param>
public sealed class UcbRule(AllocationBounds bounds, double exploration) : IAllocationRule
{
    private const double MostInformative = 1.0 / 3;

    /// <inheritdoc/>
    public AllocationSolution? NextRound(PromptStatistics prompts, RoundOutcomes outcomes)
    {
        if (outcomes.Round > 0)
        {
            return null;
        }

        // In ascending order, so that the sum does not depend on the order of the prompts.
        var total = prompts.Evidence.Order().Sum();
        var rates = new double[prompts.Count];
        for (var i = 0; i < rates.Length; i++)
        {
            var mean = prompts.Successes[i] / (prompts.Successes[i] + prompts.Failures[i]);
            var width = exploration * Math.Sqrt(Math.Log(1 + total) / (prompts.Evidence[i] + 1));
            rates[i] = Math.Clamp(MostInformative, Math.Max(0, mean - width), Math.Min(1, mean + width));
        }

        return bounds.Solve(prompts, new SuccessRateValue(rates));
    }
}
