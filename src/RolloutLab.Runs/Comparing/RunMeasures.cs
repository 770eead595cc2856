using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>What one run came to, in the measures that runs are compared by. What a run never measured is NaN.</summary>
public sealed record RunMeasures
{
    private const string Accuracy = "val-core/";
    private const string PassAt = "/pass@";

    // A target that is a mean of results may differ from an equal result in its last bit.
    private const double Rounding = 1e-9;

    /// <summary>The run's folder.</summary>
    public required string Folder { get; init; }

    /// <summary>The group it belongs to: its variant or recipe.</summary>
    public required string Group { get; init; }

    /// <summary>Its seed.</summary>
    public required long Seed { get; init; }

    /// <summary>Whether all its steps are done.</summary>
    public required bool IsFinished { get; init; }

    /// <summary>All its metrics.</summary>
    public required MetricsHistory Metrics { get; init; }

    /// <summary>Its evaluations.</summary>
    public required IReadOnlyList<EvaluationPoint> Curve { get; init; }

    /// <summary>pass@1 at the end, in [0, 1].</summary>
    public required double PassAt1 { get; init; }

    /// <summary>Mean response length at the end, in tokens.</summary>
    public required double Length { get; init; }

    /// <summary>pass@k at the end by k.</summary>
    public IReadOnlyDictionary<int, double> PassAtK { get; private init; } = new Dictionary<int, double>();

    /// <summary>Mean over steps of the distinct answers in a group.</summary>
    public double DistinctAnswers => Metrics["tree/distinct_answers/mean"].Mean;

    /// <summary>Mean over steps of the share of rollouts in groups with both outcomes.</summary>
    public double EffectiveRatio => Metrics["budget/effective_gradient_ratio"].Mean;

    /// <summary>Steps, rollouts and tokens of the whole run.</summary>
    public (double Steps, double Rollouts, double Tokens) Spent =>
        (Metrics.LastStep, RolloutsOf(Metrics).Sum(s => s.Sum), TokensOf(Metrics).Sum(s => s.Sum));

    /// <summary>Reads a run's folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="group">The group it belongs to.</param>
    /// <param name="seed">Its seed.</param>
    /// <exception cref="RunException">It is not the folder of a run, or a file is damaged.</exception>
    public static RunMeasures Read(string folder, string group, long seed)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var path = Path.Combine(folder, "summary.json");
        var summary = File.Exists(path) ? RunSummary.Read(path) : null;
        var metrics = MetricsHistory.Read(Path.Combine(folder, "metrics.jsonl"));
        return new RunMeasures
        {
            Folder = folder,
            Group = group,
            Seed = seed,
            IsFinished = summary?.Stopped == RunEnding.Finished && summary.Steps == metrics.LastStep,
            Metrics = metrics,
            Curve = CurveOf(metrics),
            PassAt1 = metrics.Find(Accuracy, "/pass@1").Last,
            Length = metrics.Find("val-aux/", "/response_length/mean").Last is var length && double.IsFinite(length) ? length : summary?.Final.ResponseLength ?? double.NaN,
            PassAtK = metrics.Names.Where(n => n.StartsWith(Accuracy, StringComparison.Ordinal)).Select(n => (Name: n, K: KOf(n)))
                .Where(m => m.K > 0).DistinctBy(m => m.K).ToDictionary(m => m.K, m => metrics[m.Name].Last),
        };
    }

    /// <summary>
    /// What was spent when pass@1 first was at a target, in a line between evaluations; null when it never was.
    /// </summary>
    public EvaluationPoint? CostTo(double target)
    {
        for (var i = 0; i < Curve.Count; i++)
        {
            if (Curve[i].PassAt1 < target - Rounding)
            {
                continue;
            }

            if (i == 0)
            {
                return Curve[0];
            }

            var (before, after) = (Curve[i - 1], Curve[i]);
            var share = (target - before.PassAt1) / (after.PassAt1 - before.PassAt1);
            return new EvaluationPoint(
                Between(before.Step, after.Step), Between(before.Rollouts, after.Rollouts), Between(before.Tokens, after.Tokens), target);

            double Between(double low, double high) => low + (share * (high - low));
        }

        return null;
    }

    private static List<EvaluationPoint> CurveOf(MetricsHistory metrics)
    {
        var pass = metrics.Find(Accuracy, "/pass@1");
        var (rollouts, tokens) = (SpentAt(RolloutsOf(metrics), pass.Steps), SpentAt(TokensOf(metrics), pass.Steps));
        return [.. pass.Values.Select((value, i) => new EvaluationPoint(pass.Steps[i], rollouts[i], tokens[i], value))];
    }

    // What a step samples beside its budget (greedy baselines, explanations) costs too.
    private static MetricSeries[] RolloutsOf(MetricsHistory metrics) => [metrics["budget/rollouts/total"], metrics["beside/rollouts"]];

    private static MetricSeries[] TokensOf(MetricsHistory metrics) => [metrics["engine/tokens_generated"], metrics["beside/tokens_generated"]];

    /// <summary>The sum of some metrics up to and with each step.</summary>
    /// <param name="metrics">The metrics.</param>
    /// <param name="steps">The steps, ascending.</param>
    private static double[] SpentAt(MetricSeries[] metrics, double[] steps)
    {
        var spent = new double[steps.Length];
        foreach (var series in metrics)
        {
            var (next, sum) = (0, 0.0);
            for (var i = 0; i < steps.Length; i++)
            {
                for (; next < series.Steps.Length && series.Steps[next] <= steps[i]; next++)
                {
                    sum += series.Values[next];
                }

                spent[i] += sum;
            }
        }

        return spent;
    }

    private static int KOf(string name) => name.LastIndexOf(PassAt, StringComparison.Ordinal) is >= 0 and var at
        && int.TryParse(name.AsSpan(at + PassAt.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var k) ? k : 0;
}
