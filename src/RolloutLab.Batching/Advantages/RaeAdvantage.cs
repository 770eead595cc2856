using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Role-conditioned advantage (RAE, arXiv 2506.24119): A = R − b with a running mean b for each agent, b ← γb + (1 − γ)R
/// after each rollout in the order of the batch, from 0.
/// </summary>
public sealed class RaeAdvantage(RaeAdvantageSection section) : IAdvantageEstimator, IStateful
{
    private readonly SortedDictionary<string, double> _baselines = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string StateName => "advantage-rae.json";

    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups) => [.. groups.Select(group =>
        PerRollout.Of(group, i =>
        {
            var agent = group.Agents.Length > 0 ? group.Agents[i] : "";
            var baseline = _baselines.GetValueOrDefault(agent);
            _baselines[agent] = (section.Decay * baseline) + ((1 - section.Decay) * group.Rewards[i]);
            return group.Rewards[i] - baseline;
        }))];

    /// <inheritdoc/>
    public void SaveState(Stream to) => StateNodes.Write(StateNodes.OfNumbers(_baselines), to);

    /// <inheritdoc/>
    public void LoadState(Stream from) => StateNodes.Read(from, StateName, state => StateNodes.ReadNumbers(state, _baselines));
}
