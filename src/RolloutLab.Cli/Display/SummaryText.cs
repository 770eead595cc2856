using RolloutLab.Runs;
using Spectre.Console;

namespace RolloutLab.Cli;

/// <summary>What a run came to, for a person, as lines of markup.</summary>
internal static class SummaryText
{
    private const int CurveWidth = 40;
    private const int BarWidth = 30;
    private const int LabelWidth = 11;

    /// <summary>The lines.</summary>
    /// <param name="summary">What it came to.</param>
    /// <param name="tracker">What was seen of it on the way.</param>
    public static IEnumerable<string> Lines(RunSummary summary, RunTracker tracker)
    {
        IEnumerable<string>[] blocks =
        [
            [Headline(summary, tracker)],
            [.. Scores(summary)],
            [.. Curves(tracker)],
            [.. Times(summary)],
            [.. Amounts(summary, tracker)],
            [.. Next(summary, tracker)],
        ];
        return blocks.Where(block => block.Any()).SelectMany((block, i) => i == 0 ? block : block.Prepend(""));
    }

    private static string Headline(RunSummary summary, RunTracker tracker)
    {
        var time = Figures.Duration(summary.WallSeconds);
        var (_, total) = tracker.Steps;
        if (summary.Stopped == RunEnding.Interrupted)
        {
            var done = total > 0 ? $" after {Figures.Count(summary.Steps)} of {Figures.Count(total)} steps" : "";
            return $"[bold yellow]interrupted[/]{done}, {time}; what was done is written";
        }

        return total > 0 ? $"[bold green]done[/]: {Figures.Count(summary.Steps)} steps in {time}" : $"[bold green]done[/] in {time}";
    }

    private static IEnumerable<string> Scores(RunSummary summary)
    {
        var (before, after) = (summary.Initial, summary.Final);
        return new[]
        {
            Score("pass@1", before.PassAt1, after.PassAt1),
            Score("pass@16", before.PassAt16, after.PassAt16),
            Score("maj@16", before.MajAt16, after.MajAt16),
            Change("length", before.ResponseLength, after.ResponseLength, Figures.OneDecimal, " tokens"),
            Change("loss", before.Loss, after.Loss, Figures.Score, " nats a token"),
        }.OfType<string>();
    }

    private static string? Score(string name, double? before, double? after)
    {
        if (before is not { } first || after is not { } last)
        {
            return Change(name, before, after, Figures.Percent, "");
        }

        var points = (last - first) * 100;
        var gain = FormattableString.Invariant($"{points:+0.0;-0.0;0.0} points");
        var color = points >= 0 ? "green" : "red";
        return Row(name, $"{Figures.Percent(first)} → [bold]{Figures.Percent(last)}[/]  [{color}]{gain}[/]");
    }

    private static string? Change(string name, double? before, double? after, Func<double, string> format, string unit) =>
        (before, after) switch
        {
            ({ } first, { } last) => Row(name, $"{format(first)} → {format(last)}{unit}"),
            ({ } first, null) => Row(name, $"{format(first)}{unit} before the first step"),
            (null, { } last) => Row(name, $"{format(last)}{unit}"),
            _ => null,
        };

    private static IEnumerable<string> Curves(RunTracker tracker)
    {
        var curves = new[]
        {
            Curve("reward", tracker.Rewards, Figures.Score),
            Curve("pass rate", tracker.PassRates, Figures.Percent),
            Curve("loss", tracker.Losses, Figures.Score),
        };
        return curves.OfType<string>();
    }

    private static string? Curve(string name, IReadOnlyList<double> values, Func<double, string> format) => values.Count < 2
        ? null
        : Row(name, $"[green]{Sparkline.Of(values, CurveWidth)}[/]  {format(values[0])} → {format(values[^1])}");

    private static IEnumerable<string> Times(RunSummary summary)
    {
        var seconds = summary.Seconds;
        var phases = new List<(string Name, double Seconds)>
        {
            ("rollout", seconds.Rollout),
            ("verify", seconds.Verify),
            ("advantage", seconds.Advantage),
            ("update", seconds.Update),
            ("eval", seconds.Eval),
        };
        phases.Add(("other", summary.WallSeconds - phases.Sum(p => p.Seconds)));
        foreach (var (name, spent) in phases)
        {
            var share = summary.WallSeconds > 0 ? spent / summary.WallSeconds : 0;
            if (share >= 0.005)
            {
                var bar = new string('█', Math.Clamp((int)Math.Round(share * BarWidth), 0, BarWidth));
                yield return Row(name, FormattableString.Invariant($"{Figures.Duration(spent),8}  {share * 100,3:0}%  [blue]{bar}[/]"));
            }
        }
    }

    private static IEnumerable<string> Amounts(RunSummary summary, RunTracker tracker)
    {
        if (summary.RolloutsTotal > 0)
        {
            yield return Row("rollouts", Figures.Count(summary.RolloutsTotal));

            // A replay takes them from its log, at a rate that says nothing.
            yield return tracker.Start?.Kind == RunKind.Replay
                ? Row("logged", Tokens(summary.TokensGenerated, seconds: 0))
                : Row("generated", Tokens(summary.TokensGenerated, summary.Seconds.Rollout));
        }

        if (summary.TokensTrained > 0)
        {
            yield return Row("trained", Tokens(summary.TokensTrained, summary.Seconds.Update));
        }

        yield return Row("memory", $"{Figures.Bytes(summary.PeakMemoryBytes)} at most");
        if (tracker.Start?.RunDirectory is { } folder)
        {
            yield return Row("run", Markup.Escape(ProgressText.Shorten(folder)));
        }
    }

    private static string Tokens(long tokens, double seconds)
    {
        var rate = seconds > 0 ? $", {Figures.Count(tokens / seconds)} tokens/s" : "";
        return $"{Figures.Amount(tokens)} tokens{rate}";
    }

    private static IEnumerable<string> Next(RunSummary summary, RunTracker tracker)
    {
        if (tracker.Start is not { Kind: not RunKind.Eval, RunDirectory: { } folder } || summary.Steps == 0)
        {
            yield break;
        }

        yield return Row("next", $"./rolloutlab eval {Markup.Escape(ProgressText.Shorten(folder))}");
    }

    private static string Row(string label, string text) => $"  [dim]{label.PadRight(LabelWidth)}[/]{text}";
}
