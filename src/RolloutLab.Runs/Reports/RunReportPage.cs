using System.Globalization;

namespace RolloutLab.Runs;

/// <summary>A report as one self-contained HTML page.</summary>
public static class RunReportPage
{
    private static readonly (string Label, string Metric)[] Phases =
    [
        ("rollouts", "timing_s/gen"), ("update", "timing_s/update_actor"), ("evaluation", "timing_s/testing"), ("verification", "timing_s/reward"),
        ("advantages and packing", "timing_s/adv"), ("budget plans", "timing_s/plan"),
    ];

    /// <summary>The page's text.</summary>
    public static string Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var folder = Path.GetFileName(report.Folder);
        var page = new HtmlPage(folder.StartsWith(report.Name, StringComparison.Ordinal) ? folder : $"{report.Name}: {folder}");
        Overview(page, report);
        Curves(page, report);
        Pictures(page, report);
        page.Heading("Prompts", "prompts");
        foreach (var limit in report.Limits)
        {
            page.Paragraph(limit, "faint");
        }

        page.Place("prompts-table", "The table of prompts needs scripts; they are part of this file and load nothing.");
        Times(page, report);
        page.Heading("Recipe", "recipe");
        page.Preformatted(report.Recipe, "The resolved recipe");
        if (report.Environment is { } environment)
        {
            page.Heading("Machine", "machine");
            page.Preformatted(environment, "What the run ran on");
        }

        page.Data("prompts-data", json => PromptsJson.Write(json, report.Prompts));
        page.Script(ReportScript.Read());
        return page.ToString();
    }

    private static void Overview(HtmlPage page, RunReport report)
    {
        var (summary, metrics) = (report.Summary, report.Metrics);
        page.Paragraph(summary is null
            ? $"Still going on, or stopped from outside, after step {metrics.LastStep}."
            : $"{(summary.Stopped == RunEnding.Finished ? "Finished" : "Interrupted")} after {summary.Steps} steps, seed {summary.Seed}.", "faint");
        var rows = new List<string[]>();
        foreach (var name in metrics.Names.Where(n => n.StartsWith("val-core/", StringComparison.Ordinal) || n.StartsWith("val-aux/", StringComparison.Ordinal)))
        {
            rows.Add([name, Number(metrics[name].Values[0]), Number(metrics[name].Last)]);
        }

        rows.Add(["training rollouts", "", FormattableString.Invariant($"{metrics["budget/rollouts/total"].Sum + metrics["beside/rollouts"].Sum:#,0}")]);
        rows.Add(["training tokens", "", FormattableString.Invariant($"{metrics["engine/tokens_generated"].Sum + metrics["beside/tokens_generated"].Sum:#,0}")]);
        page.Heading("What it came to", "results");
        page.Table("First and last", ["", "first", "last"], rows);
    }

    private static void Curves(HtmlPage page, RunReport report)
    {
        var curves = RunCurves.Of(report.Metrics);
        page.Heading("Curves", "curves");
        if (curves.Names.Count > 1)
        {
            page.Paragraph("Colours of the evaluated accuracies:", "faint");
            page.Legend(curves.Names);
        }

        page.Curves(curves.Panels, curves.Names);
    }

    private static void Pictures(HtmlPage page, RunReport report)
    {
        if (report.Budgets is { } budgets)
        {
            page.Heading("Budgets", "budgets");
            page.Figure(budgets.DrawElement(), "Mean rollouts that prompts got, by the success rate that was expected of them before the step.");
        }

        if (report.Survey.Lengths() is { } lengths)
        {
            page.Heading("Response lengths", "lengths");
            page.Figure(lengths.DrawElement(), FormattableString.Invariant($"Lengths of {report.Survey.Rollouts:#,0} rollouts over training, in percent of their time."));
        }
    }

    private static void Times(HtmlPage page, RunReport report)
    {
        var seconds = Phases.Select(p => (p.Label, Seconds: report.Metrics[p.Metric].Sum)).Where(p => p.Seconds > 0).OrderByDescending(p => p.Seconds).ToList();
        var total = seconds.Sum(p => p.Seconds);
        if (total > 0)
        {
            page.Heading("Time", "time");
            page.Figure(PhaseBars.Draw(seconds), "Wall time by phase, as the run logged it.");
        }
    }

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
