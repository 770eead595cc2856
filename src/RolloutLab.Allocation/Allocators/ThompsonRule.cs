using RolloutLab.Core;

namespace RolloutLab.Allocation;

/// <summary>
/// Combinatorial Thompson sampling (Wang and Chen, arXiv 1803.04623, with the value of Knapsack RL, arXiv 2509.25849):
/// the knapsack at success rates drawn from their posteriors, new ones each step.
/// </summary>
/// <param name="bounds">Bounds and solver.</param>
/// <param name="random">The run's random streams; a draw is keyed by step and prompt.</param>
public sealed class ThompsonRule(AllocationBounds bounds, RandomStreams random) : IAllocationRule
{
    /// <inheritdoc/>
    public AllocationSolution? NextRound(PromptStatistics prompts, RoundOutcomes outcomes)
    {
        if (outcomes.Round > 0)
        {
            return null;
        }

        var rates = new double[prompts.Count];
        for (var i = 0; i < rates.Length; i++)
        {
            var stream = random.Stream(StreamPurpose.BudgetAllocation, outcomes.Step, prompts.Keys[i]);
            rates[i] = BetaDraw.From(stream, prompts.Successes[i], prompts.Failures[i]);
        }

        return bounds.Solve(prompts, new SuccessRateValue(rates));
    }
}
