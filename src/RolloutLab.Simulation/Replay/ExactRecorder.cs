using System.Globalization;
using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>Compares each step of an exact replay with the log, bit by bit, and passes it on.</summary>
/// <param name="inner">The record; null for none.</param>
/// <param name="cursor">Where the replay is.</param>
/// <param name="metrics">The run's metrics.</param>
/// <param name="selection">What is compared.</param>
/// <param name="show">Gets each selected rollout; null for none.</param>
/// <param name="progress">Told the steps replayed; null for none.</param>
public sealed class ExactRecorder(
    IRunRecorder? inner, LogCursor cursor, LoggedMetrics metrics, ReplaySelection selection, Action<ReplayedRollout>? show, IProgress<long>? progress) : IRunRecorder
{
    /// <summary>What was compared so far.</summary>
    public ReplayComparison Comparison { get; } = new();

    /// <inheritdoc/>
    public void StepFinished(StepReport report, EvaluationReport? evaluation)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (selection.Includes(report.Step))
        {
            Comparison.Steps++;
            CompareRollouts(report);
            if (!selection.IsOfRollouts)
            {
                CompareMetrics(report.Step, [.. StepMetrics.Of(report), .. evaluation?.Metrics() ?? []]);
            }
        }

        inner?.StepFinished(report, evaluation);
        progress?.Report(report.Step);
    }

    /// <inheritdoc/>
    public void Flush() => inner?.Flush();

    /// <inheritdoc/>
    public IProgress<int> Progress(string phase, long total) => inner?.Progress(phase, total) ?? new Quiet();

    /// <inheritdoc/>
    public void EvaluationFinished(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Step == 0 && selection is { Step: null, IsOfRollouts: false })
        {
            CompareMetrics(0, [.. report.Metrics()]);
        }

        inner?.EvaluationFinished(report);
    }

    private void CompareRollouts(StepReport report)
    {
        var at = 0;
        for (var g = 0; g < report.Groups.Count; g++)
        {
            var logged = cursor.Find(report.Groups[g].Group.Prompt.Index)!;
            if (!selection.IsOfRollouts && !Same(report.Planning.Estimates[g], logged.Estimate))
            {
                Differ("estimate", report.Step, logged.Group.Prompt.Id, null, Text(logged.Estimate), Text(report.Planning.Estimates[g]));
            }

            for (var j = 0; j < report.Groups[g].Count; j++, at++)
            {
                var decision = report.Decisions[at];
                if (selection.Includes(decision.Prompt.Id, decision.Rollout.Index))
                {
                    Comparison.Rollouts++;
                    Compare(report.Step, decision, logged.Outcomes[j]);
                    show?.Invoke(new ReplayedRollout(report.Step, logged.Outcomes[j], decision));
                }
            }
        }
    }

    private void Compare(long step, RolloutDecision decision, LoggedOutcome logged)
    {
        if (!Same(decision.Verdict, logged.Verdict!))
        {
            Differ("verdict", step, decision.Prompt.Id, decision.Rollout.Index, Text(logged.Verdict!), Text(decision.Verdict));
        }

        if (!Same(decision.Advantage, logged.Advantage!.Value))
        {
            Differ("advantage", step, decision.Prompt.Id, decision.Rollout.Index, Text(logged.Advantage.Value), Text(decision.Advantage));
        }

        if (decision.Fate != logged.Fate || decision.Reason != logged.Reason || !Same(decision.Weight, logged.Weight) || decision.PolicyAge != logged.PolicyAge)
        {
            Differ(
                "decision",
                step,
                decision.Prompt.Id,
                decision.Rollout.Index,
                Text(logged.Fate!.Value, logged.Reason!, logged.Weight, logged.PolicyAge),
                Text(decision.Fate, decision.Reason, decision.Weight, decision.PolicyAge));
        }
    }

    private void CompareMetrics(long step, List<KeyValuePair<string, double>> replayed)
    {
        var logged = metrics.Of(step);
        foreach (var (name, value) in replayed.Where(m => double.IsFinite(m.Value) && !LoggedMetrics.IsOfTheClock(m.Key)))
        {
            // The last step of a part of a run is evaluated, though the run went on without.
            if (name.StartsWith("val-", StringComparison.Ordinal) && !logged.ContainsKey(name))
            {
                continue;
            }

            Comparison.Metrics++;
            if (!logged.TryGetValue(name, out var stored) || !SameWritten(stored, value))
            {
                Comparison.Add(new ReplayDifference("metric", $"step {step}, {name}", logged.TryGetValue(name, out stored) ? Text(stored) : "absent", Text(value)));
            }
        }
    }

    private void Differ(string what, long step, string prompt, int? rollout, string logged, string replayed) =>
        Comparison.Add(new ReplayDifference(what, $"step {step}, prompt {prompt}{(rollout is { } r ? $", rollout {r}" : "")}", logged, replayed));

    private static bool Same(Verdict a, Verdict b) =>
        a.Status == b.Status && Same(a.Reward, b.Reward) && a.Answer == b.Answer && a.Detail == b.Detail && Parts(a).SequenceEqual(Parts(b), Bits.Instance);

    private static bool Same(double a, double b) => BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b);

    /// <summary>
    /// Whether a metric is the logged one to the last bit, in as far as its text can tell: .NET writes 2^-25 with a digit too few
    /// (a mean difference of log-probabilities is that at times), and what it reads back is the number before.
    /// </summary>
    private static bool SameWritten(double logged, double value) => Same(logged, value) || Text(logged) == Text(value);

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    // A reward of one part is stored under its name, and computed without parts.
    private static string Text(Verdict verdict) => string.Create(
        CultureInfo.InvariantCulture,
        $"{RolloutNames.Of(verdict.Status)} {verdict.Reward:R} [{string.Join(' ', Parts(verdict).Select(p => p.ToString("R", CultureInfo.InvariantCulture)))}] {verdict.Answer} {verdict.Detail}");

    private static IReadOnlyList<float> Parts(Verdict verdict) => float.IsNaN(verdict.Reward) ? [] : verdict.Parts.Count == 0 ? [verdict.Reward] : verdict.Parts;

    private static string Text(RolloutFate fate, string reason, float weight, long age) =>
        string.Create(CultureInfo.InvariantCulture, $"{RolloutNames.Of(fate)} {reason} weight {weight:R} age {age}");

    /// <summary>Numbers are equal where all their bits are.</summary>
    private sealed class Bits : IEqualityComparer<float>
    {
        public static Bits Instance { get; } = new();

        public bool Equals(float x, float y) => BitConverter.SingleToInt32Bits(x) == BitConverter.SingleToInt32Bits(y);

        public int GetHashCode(float value) => BitConverter.SingleToInt32Bits(value);
    }

    private sealed class Quiet : IProgress<int>
    {
        public void Report(int value)
        {
        }
    }
}
