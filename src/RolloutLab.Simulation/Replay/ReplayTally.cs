using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>Adds up what a replay did, and passes it on to the record.</summary>
/// <param name="inner">The record.</param>
/// <param name="source">Knows what the log says of a rollout.</param>
/// <param name="budget">Knows what was wanted.</param>
/// <param name="progress">Told the rollouts replayed so far.</param>
internal sealed class ReplayTally(IRunRecorder inner, LoggedSource source, LoggedBudget budget, IProgress<long>? progress) : IRunRecorder
{
    private readonly HashSet<int> _seen = [];
    private readonly HashSet<int> _solved = [];
    private long _steps, _planned, _shortfall, _rollouts, _effective, _groups, _effectiveGroups, _correct, _trained, _tokens, _graded, _most;
    private long _comparable, _otherDecision, _otherSign;
    private double _reward;

    /// <summary>Rollouts replayed.</summary>
    public long Rollouts => _rollouts;

    /// <summary>Decisions by fate and reason.</summary>
    public SortedDictionary<string, long> Decisions { get; } = new(StringComparer.Ordinal);

    /// <summary>What it came to, by measure, in a fixed order.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Measures =>
    [
        new(ReplayMeasures.Steps, _steps),
        new(ReplayMeasures.Planned, _planned),
        new(ReplayMeasures.Rollouts, _rollouts),
        new(ReplayMeasures.Shortfall, _shortfall),
        new(ReplayMeasures.Prompts, _seen.Count),
        new(ReplayMeasures.SolvedPrompts, Share(_solved.Count, _seen.Count)),
        new(ReplayMeasures.EffectiveGradientRatio, Share(_effective, _rollouts)),
        new(ReplayMeasures.EffectivePromptRatio, Share(_effectiveGroups, _groups)),
        new(ReplayMeasures.PassRate, Share(_correct, _rollouts)),
        new(ReplayMeasures.Reward, _graded == 0 ? 0 : _reward / _graded),
        new(ReplayMeasures.Trained, Share(_trained, _rollouts)),
        new(ReplayMeasures.Tokens, _tokens),
        new(ReplayMeasures.MostRollouts, _most),
        new(ReplayMeasures.OtherDecision, _comparable == 0 ? double.NaN : Share(_otherDecision, _comparable)),
        new(ReplayMeasures.OtherSign, _comparable == 0 ? double.NaN : Share(_otherSign, _comparable)),
    ];

    /// <inheritdoc/>
    public void StepFinished(StepReport report, EvaluationReport? evaluation)
    {
        _steps++;
        _planned += budget.Planned;
        _shortfall += budget.Shortfall;
        foreach (var group in report.Groups)
        {
            Add(group);
        }

        foreach (var decision in report.Decisions)
        {
            Add(decision);
        }

        foreach (var (fate, reason, count) in report.Reasons)
        {
            var name = RolloutNames.Of(fate) + "/" + reason;
            Decisions[name] = Decisions.GetValueOrDefault(name) + count;
        }

        inner.StepFinished(report, evaluation);
        progress?.Report(_rollouts);
    }

    /// <inheritdoc/>
    public void Flush() => inner.Flush();

    /// <inheritdoc/>
    public IProgress<int> Progress(string phase, long total) => inner.Progress(phase, total);

    /// <inheritdoc/>
    public void EvaluationFinished(EvaluationReport report) => inner.EvaluationFinished(report);

    private static double Share(long part, long whole) => (double)part / Math.Max(1, whole);

    private void Add(GradedGroup group)
    {
        _seen.Add(group.Group.Prompt.Index);
        _groups++;
        _most = Math.Max(_most, group.Count);
        var (differs, first, correct) = (false, float.NaN, _correct);
        foreach (var verdict in group.Verdicts)
        {
            _correct += verdict.IsCorrect ? 1 : 0;

            if (!float.IsNaN(verdict.Reward))
            {
                (_graded, _reward) = (_graded + 1, _reward + verdict.Reward);
                first = float.IsNaN(first) ? verdict.Reward : first;
                differs |= verdict.Reward != first;
            }
        }

        if (_correct > correct)
        {
            _solved.Add(group.Group.Prompt.Index);
        }

        _effective += differs ? group.Count : 0;
        _effectiveGroups += differs ? 1 : 0;
    }

    private void Add(RolloutDecision decision)
    {
        _rollouts++;
        _tokens += decision.Rollout.Length;
        _trained += decision.IsTrained ? 1 : 0;
        var logged = source.OutcomeOf(decision.Prompt.Index, decision.Rollout.Index);
        if (logged is { Fate: { } fate, Advantage: { } advantage })
        {
            _comparable++;
            _otherDecision += decision.IsTrained != fate is RolloutFate.Kept or RolloutFate.Replayed ? 1 : 0;
            _otherSign += Math.Sign(decision.Advantage) != Math.Sign(advantage) ? 1 : 0;
        }
    }
}

/// <summary>Names of what a replay measures.</summary>
public static class ReplayMeasures
{
    /// <summary>Steps replayed.</summary>
    public const string Steps = "steps";

    /// <summary>Rollouts that the plans came to.</summary>
    public const string Planned = "planned";

    /// <summary>Rollouts given from the log.</summary>
    public const string Rollouts = "rollouts";

    /// <summary>Planned rollouts that the log does not have.</summary>
    public const string Shortfall = "shortfall";

    /// <summary>Different prompts that got rollouts.</summary>
    public const string Prompts = "prompts";

    /// <summary>Share of them with a right answer in some step.</summary>
    public const string SolvedPrompts = "solved_prompts";

    /// <summary>Share of the rollouts in groups whose rewards differ.</summary>
    public const string EffectiveGradientRatio = "effective_gradient_ratio";

    /// <summary>Share of such groups.</summary>
    public const string EffectivePromptRatio = "effective_prompt_ratio";

    /// <summary>Share of right rollouts.</summary>
    public const string PassRate = "pass_rate";

    /// <summary>Mean reward.</summary>
    public const string Reward = "reward";

    /// <summary>Share of rollouts that would be trained.</summary>
    public const string Trained = "trained";

    /// <summary>Response tokens.</summary>
    public const string Tokens = "tokens";

    /// <summary>Most rollouts of one prompt in a step.</summary>
    public const string MostRollouts = "max_rollouts";

    /// <summary>Share of rollouts that the log trained and the replay would not, or the other way round; NaN where the log does not say.</summary>
    public const string OtherDecision = "other_decision";

    /// <summary>Share of rollouts whose advantage has another sign than the log's; NaN where the log does not say.</summary>
    public const string OtherSign = "other_advantage_sign";
}
