namespace RolloutLab.Allocation;

/// <summary>Weights and ends of the pools of difficulty.</summary>
/// <param name="Hard">Weight of prompts whose last group's mean is at most <paramref name="HardBelow"/>.</param>
/// <param name="Normal">Weight of prompts between, and of those never seen.</param>
/// <param name="Easy">Weight of prompts above <paramref name="EasyAbove"/>.</param>
/// <param name="HardBelow">End of the hard pool.</param>
/// <param name="EasyAbove">Start of the easy pool.</param>
public sealed record DifficultyPools(double Hard = 0.2, double Normal = 1, double Easy = 0.2, double HardBelow = 0.25, double EasyAbove = 0.75);

/// <summary>
/// prime-rl's difficulty pools (github.com/PrimeIntellect-ai/prime-rl): each prompt's share of the budget is in proportion
/// to the weight of its pool. prime-rl samples prompts with these weights; here the prompts are given and their rollouts
/// are shared, by Sainte-Laguë's apportionment.
/// </summary>
public sealed class DifficultyPoolRule(AllocationBounds bounds, DifficultyPools pools) : IAllocationRule
{
    /// <inheritdoc/>
    public AllocationSolution? NextRound(PromptStatistics prompts, RoundOutcomes outcomes) =>
        outcomes.Round > 0 ? null : bounds.Solve(prompts, new ShareValue(prompts.Rates.Select(Weight).ToArray()));

    private double Weight(double rate) =>
        double.IsNaN(rate) ? pools.Normal : rate <= pools.HardBelow ? pools.Hard : rate <= pools.EasyAbove ? pools.Normal : pools.Easy;
}
