namespace RolloutLab.Allocation;

/// <summary>
/// The knapsack of Knapsack RL (arXiv 2509.25849) under the posterior: the most Σ E[Value(n, p)] for p ~ Beta(a, b).
/// Failures alone leave a positive value that falls as they add up, so that neither a fallback nor a rule for unseen
/// prompts is needed.
/// </summary>
public sealed class KnapsackBayesRule(AllocationBounds bounds) : IAllocationRule
{
    /// <inheritdoc/>
    public AllocationSolution? NextRound(PromptStatistics prompts, RoundOutcomes outcomes) =>
        outcomes.Round > 0 ? null : bounds.Solve(prompts, new PosteriorValue(prompts.Successes, prompts.Failures));
}
