using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>
/// ReMax (arXiv 2310.10505): A = R − reward of the greedy answer to the same prompt. A rollout whose greedy answer has no
/// verdict gets 0.
/// </summary>
public sealed class RemaxAdvantage : IAdvantageEstimator
{
    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups) => [.. groups.Select(group =>
        PerRollout.Of(group, i => group.Baselines.Length == 0 || double.IsNaN(group.Baselines[i]) ? 0 : group.Rewards[i] - group.Baselines[i]))];
}
