namespace RolloutLab.Allocation;

/// <summary>A second, third, … budget: Σ costs[i]·n_i ≤ amount.</summary>
/// <param name="Name">What it counts, for messages: <c>rollouts</c>, <c>tokens</c>, <c>kv_blocks</c>, <c>seconds</c>.</param>
/// <param name="Costs">Cost of one rollout of each prompt, at least 0; null for 1 each. Borrowed.</param>
/// <param name="Amount">What there is.</param>
public sealed record BudgetLimit(string Name, double[]? Costs, double Amount)
{
    /// <summary>What one rollout of a prompt costs.</summary>
    public double CostOf(int prompt) => Costs is null ? 1 : Costs[prompt];

    /// <summary>Σ costs[i]·plan[i], added in the order of the prompts.</summary>
    public double Of(ReadOnlySpan<int> plan)
    {
        var sum = 0.0;
        for (var i = 0; i < plan.Length; i++)
        {
            sum += CostOf(i) * plan[i];
        }

        return sum;
    }
}
