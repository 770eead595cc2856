using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;

namespace RolloutLab.Simulation;

/// <summary>
/// A policy that is nothing but a success rate for each prompt. A group with a gradient raises its prompt's rate p by
/// η·p(1−p)², the first-order gain of Knapsack RL (arXiv 2509.25849), or, where groups count by their rollouts, by that times
/// its size over the mean size; the neighbours on the ring of prompts share a stated
/// part of that gain, each taking (1−p) of its part, which is how prompts that never succeed are learned at all.
/// </summary>
public sealed class SimulatedPolicy : IPolicyImprover
{
    private readonly SimulationSection _section;
    private readonly double[] _rates;
    private readonly double[] _gains;
    private double _gained;

    /// <summary>Creates the policy.</summary>
    /// <param name="section">How it learns.</param>
    /// <param name="rates">Success rates at the start; copied.</param>
    public SimulatedPolicy(SimulationSection section, double[] rates)
    {
        ArgumentNullException.ThrowIfNull(rates);
        (_section, _rates, _gains) = (section, [.. rates], new double[rates.Length]);
    }

    /// <inheritdoc/>
    public long PolicyVersion { get; private set; }

    /// <summary>Success rate of a prompt now.</summary>
    public double Rate(int prompt) => _rates[prompt];

    /// <inheritdoc/>
    public UpdateReport Improve(IReadOnlyList<RolloutDecision> decisions, PhaseClock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return clock.Time(Phase.Update, () =>
        {
            var tokens = Learn(decisions);
            PolicyVersion++;
            return new UpdateReport(Metrics(), tokens, PolicyVersion);
        });
    }

    private long Learn(IReadOnlyList<RolloutDecision> decisions)
    {
        Array.Clear(_gains);
        _gained = 0;
        var perGroup = _section.GroupWeight == GroupWeight.Rollouts ? MeanSize(decisions) : 0;
        var tokens = 0L;
        for (var (from, to) = (0, 0); from < decisions.Count; from = to)
        {
            var (prompt, hasGradient) = (decisions[from].Prompt.Index, false);
            for (to = from; to < decisions.Count && decisions[to].Prompt.Index == prompt; to++)
            {
                if (decisions[to] is { IsTrained: true, Advantage: not 0 })
                {
                    tokens += decisions[to].Rollout.Length;
                    hasGradient = true;
                }
            }

            if (hasGradient)
            {
                Gain(prompt, perGroup > 0 ? (to - from) / perGroup : 1);
            }
        }

        for (var i = 0; i < _rates.Length; i++)
        {
            _rates[i] = Math.Min(1, _rates[i] + _gains[i]);
        }

        return tokens;
    }

    /// <summary>Mean rollouts of the step's groups.</summary>
    private static double MeanSize(IReadOnlyList<RolloutDecision> decisions)
    {
        var (groups, last) = (0, -1);
        for (var i = 0; i < decisions.Count; i++)
        {
            groups += decisions[i].Prompt.Index != last ? 1 : 0;
            last = decisions[i].Prompt.Index;
        }

        return groups == 0 ? 0 : (double)decisions.Count / groups;
    }

    /// <summary>What one group's gradient adds, at the rates before the step.</summary>
    private void Gain(int prompt, double weight)
    {
        var p = _rates[prompt];
        _gained += p * (1 - p) * (1 - p);
        var gain = weight * _section.LearningRate * p * (1 - p) * (1 - p);
        _gains[prompt] += gain;
        var neighbours = Math.Min(_section.Neighbours, (_rates.Length - 1) / 2);
        var part = neighbours == 0 ? 0 : gain * _section.Generalization / (2 * neighbours);
        for (var distance = 1; part > 0 && distance <= neighbours; distance++)
        {
            foreach (var other in (ReadOnlySpan<int>)[prompt + distance, prompt - distance + _rates.Length])
            {
                var at = other % _rates.Length;
                _gains[at] += part * (1 - _rates[at]);
            }
        }
    }

    private List<KeyValuePair<string, double>> Metrics()
    {
        var (sum, solved) = (0.0, 0);
        foreach (var rate in _rates)
        {
            sum += rate;
            solved += rate >= _section.SolvedAt ? 1 : 0;
        }

        return
        [
            new(SimulationMetrics.MeanRate, sum / _rates.Length),
            new(SimulationMetrics.SolvedRatio, (double)solved / _rates.Length),
            new(SimulationMetrics.InformationGain, _gained),
        ];
    }
}

/// <summary>Names of the metrics a simulation reads back.</summary>
internal static class SimulationMetrics
{
    public const string MeanRate = "simulation/success_rate/mean";
    public const string SolvedRatio = "simulation/solved_ratio";
    public const string InformationGain = "simulation/information_gain";
    public const string ByRollouts = "budget/effective_gradient_ratio";
    public const string ByPrompts = "budget/effective_prompt_ratio";
    public const string Rollouts = "budget/rollouts/total";
    public const string MostRollouts = "budget/rollouts/max";
}
