namespace RolloutLab.Runs;

/// <summary>A comparison as one self-contained HTML page: the table and curves over steps, rollouts and tokens.</summary>
public static class ComparisonPage
{
    /// <summary>The page's text.</summary>
    public static string Of(RunComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        var names = comparison.Groups.Select(g => g.Name).ToList();
        var page = new HtmlPage($"{string.Join(" · ", names)}: {comparison.Groups.Sum(g => g.Runs.Count)} runs");
        page.Heading("Results", "results");
        page.Table(comparison.Legend, comparison.Header, comparison.Rows());
        page.Paragraph("Costs to the target are read off between evaluations in a line, over the runs that reached it.", "faint");
        page.Heading("Curves", "curves");
        page.Paragraph("Means over seeds; bands are 95 % intervals (Student's t).", "faint");
        page.Legend(names);
        page.Curves(Panels(comparison), names);
        page.Heading("Runs", "runs");
        page.Table(
            "Every run",
            ["run", "group", "seed", "steps", "rollouts", "tokens", "pass@1", "finished"],
            comparison.Groups.SelectMany(g => g.Runs).Select(r => (IReadOnlyList<string>)
            [
                r.Folder, r.Group, $"{r.Seed}", FormattableString.Invariant($"{r.Spent.Steps:#,0}"), FormattableString.Invariant($"{r.Spent.Rollouts:#,0}"),
                FormattableString.Invariant($"{r.Spent.Tokens:#,0}"), double.IsNaN(r.PassAt1) ? "-" : FormattableString.Invariant($"{r.PassAt1:0.000}"), r.IsFinished ? "yes" : "no",
            ]));
        return page.ToString();
    }

    private static IEnumerable<ChartPanel> Panels(RunComparison comparison)
    {
        yield return Panel("pass@1", "steps", PassAt1);
        yield return Panel("pass@1", "training rollouts", PassAt1, (run, step) => At(run, step).Rollouts);
        yield return Panel("pass@1", "training tokens", PassAt1, (run, step) => At(run, step).Tokens);
        if (comparison.K > 1)
        {
            yield return Panel($"pass@{comparison.K}", "steps", r => r.Metrics.Find("val-core/", $"/pass@{comparison.K}"));
        }

        yield return Panel("evaluated length, tokens", "steps", r => r.Metrics.Find("val-aux/", "/response_length/mean"));
        yield return Panel("training reward", "steps", r => r.Metrics["reward"]);
        yield return Panel("effective-gradient ratio", "steps", r => r.Metrics["budget/effective_gradient_ratio"]);
        yield return Panel("distinct answers in a group", "steps", r => r.Metrics["tree/distinct_answers/mean"]);
        yield return Panel("entropy, nats", "steps", r => r.Metrics["actor/entropy"]);
        yield return Panel("training length, tokens", "steps", r => r.Metrics["response_length/mean"]);

        ChartPanel Panel(string title, string x, Func<RunMeasures, MetricSeries> measure, Func<RunMeasures, double, double>? position = null) =>
            new(title, x, [.. comparison.Groups.Select(g => GroupCurve.Of(g, measure, position)).OfType<ChartSeries>()]);
    }

    private static MetricSeries PassAt1(RunMeasures run) => new([.. run.Curve.Select(p => p.Step)], [.. run.Curve.Select(p => p.PassAt1)]);

    private static EvaluationPoint At(RunMeasures run, double step) => run.Curve.First(p => p.Step == step);
}
