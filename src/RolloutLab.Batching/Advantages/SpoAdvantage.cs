using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// A value baseline for each prompt instead of a group (SPO, arXiv 2509.13232): v̂ = α/(α + β) from a Beta that forgets,
/// α ← ρα + r, β ← ρβ + 1 − r with r the group's mean reward cut to [0, 1]; A = R − v̂, standardised over the step (+ 1e-8).
/// A prompt starts with α = β = N₀/2, N₀ = 1/(1 − ρ): the paper's offline scores are not needed, and ρ is constant, which
/// are deviations. A baseline given from outside takes the place of v̂.
/// </summary>
public sealed class SpoAdvantage(SpoAdvantageSection section) : IAdvantageEstimator, IStateful
{
    private const double Epsilon = 1e-8;

    private readonly SortedDictionary<string, double> _successes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, double> _failures = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string StateName => "advantage-spo.json";

    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups)
    {
        var differences = groups.Select(Differences).ToList();
        foreach (var group in groups)
        {
            Observe(group);
        }

        var all = GroupStatistics.Of(differences.SelectMany(d => d));
        return [.. groups.Zip(differences, (g, d) => PerRollout.Of(g, i => (d[i] - all.Mean) / (all.Std + Epsilon)))];
    }

    /// <inheritdoc/>
    public void SaveState(Stream to) => StateNodes.Write(
        new JsonObject { ["successes"] = StateNodes.OfNumbers(_successes), ["failures"] = StateNodes.OfNumbers(_failures) }, to);

    /// <inheritdoc/>
    public void LoadState(Stream from) => StateNodes.Read(from, StateName, state =>
    {
        StateNodes.ReadNumbers(state["successes"]!, _successes);
        StateNodes.ReadNumbers(state["failures"]!, _failures);
    });

    private double[] Differences(RewardGroup group)
    {
        var (successes, failures) = (Of(_successes, group.Key), Of(_failures, group.Key));
        var value = successes / (successes + failures);
        return [.. group.Rewards.Select((r, i) => r - (group.Baselines.Length > 0 && !double.IsNaN(group.Baselines[i]) ? group.Baselines[i] : value))];
    }

    private void Observe(RewardGroup group)
    {
        var rewards = GroupStatistics.Of(group.Rewards);
        if (rewards.Count > 0)
        {
            var mean = Math.Clamp(rewards.Mean, 0, 1);
            _successes[group.Key] = (section.Decay * Of(_successes, group.Key)) + mean;
            _failures[group.Key] = (section.Decay * Of(_failures, group.Key)) + 1 - mean;
        }
    }

    private double Of(SortedDictionary<string, double> counts, string key) =>
        counts.TryGetValue(key, out var count) ? count : 0.5 / (1 - section.Decay);
}
