using RolloutLab.Runs;
using Spectre.Console;

namespace RolloutLab.Cli;

/// <summary>
/// For a screen: two lines at the bottom that follow the run, and above them a table of evaluations that grows. Redrawn
/// at most ten times a second.
/// </summary>
internal sealed class TerminalDisplay(TextWriter output, Func<int> width, TimeProvider clock) : IRunDisplay
{
    private const double RedrawSeconds = 0.1;
    private const int BarWidth = 24;
    private const int CurveWidth = 16;

    private readonly RunTracker _tracker = new(clock);
    private readonly LiveBlock _block = new(output);
    private double _lastDraw = double.NegativeInfinity;
    private bool _hasTable;

    /// <inheritdoc/>
    public void RunStarted(RunStart start)
    {
        _tracker.Started(start);
        Draw([.. ProgressText.Header(start), ""]);
    }

    /// <inheritdoc/>
    public void PhaseProgress(string phase, long done, long total)
    {
        _tracker.Moved(phase, done, total);
        DrawIfDue();
    }

    /// <inheritdoc/>
    public void StepFinished(StepProgress step)
    {
        _tracker.Stepped(step);
        DrawIfDue();
    }

    /// <inheritdoc/>
    public void EvaluationFinished(EvaluationResult evaluation)
    {
        _tracker.Evaluated();
        var row =
            $"  {Figures.Count(evaluation.Step),6}  [bold]{Figures.Percent(evaluation.PassAt1),7}[/]  "
            + $"{Figures.Percent(evaluation.PassAtK),8}  {Figures.OneDecimal(evaluation.ResponseLength),7}";
        Draw(_hasTable ? [row] : [$"  [dim]{"step",6}  {"pass@1",7}  {$"pass@{evaluation.K}",8}  {"length",7}[/]", row]);
        _hasTable = true;
    }

    /// <inheritdoc/>
    public void Notice(string line) => Draw([$"[yellow]{Markup.Escape(line)}[/]"]);

    /// <inheritdoc/>
    public void RunFinished(RunSummary summary) => _block.Show(["", .. SummaryText.Lines(summary, _tracker), ""], []);

    /// <inheritdoc/>
    public void Dispose() => _block.Show([], []);

    private void DrawIfDue()
    {
        if (_tracker.Elapsed - _lastDraw >= RedrawSeconds)
        {
            Draw([]);
        }
    }

    private void Draw(IReadOnlyList<string> staying)
    {
        _lastDraw = _tracker.Elapsed;
        // One column stays free: a terminal wraps when the last one is written.
        var columns = Math.Max(1, width() - 1);
        _block.Show(staying, [.. BlockLines().Select(parts => Fit(parts, columns)).Where(line => line.Length > 0)]);
    }

    private IEnumerable<IEnumerable<string>> BlockLines()
    {
        yield return Position();
        if (_tracker.Step is { } step)
        {
            yield return Measures(step);
        }
    }

    private IEnumerable<string> Position()
    {
        var (done, total) = _tracker.Steps;
        if (total > 0)
        {
            yield return $"{Bar(done, total)}  step {Figures.Count(done)}/{Figures.Count(total)}";
        }

        if (_tracker.Phase is { } phase)
        {
            var bar = total > 0 ? "" : $"{Bar(phase.Done, phase.Total)}  ";
            yield return $"{bar}{Markup.Escape(phase.Name)} {Figures.Count(phase.Done)}/{Figures.Count(phase.Total)}";
        }

        if (_tracker.SecondsLeft is { } seconds)
        {
            yield return $"ETA [bold]{Figures.Duration(seconds)}[/]";
        }
    }

    private List<string> Measures(StepProgress step)
    {
        var curve = _tracker.Rewards.Count > 0 ? _tracker.Rewards : _tracker.Losses;
        var measures = ProgressText.Measures(step).Select(Markup.Escape).ToList();
        if (curve.Count > 1)
        {
            measures[0] += $" [green]{Sparkline.Of(curve, CurveWidth)}[/]";
        }

        return measures;
    }

    private static string Bar(long done, long total)
    {
        var filled = total > 0 ? (int)Math.Clamp(done * BarWidth / total, 0, BarWidth) : 0;
        return $"[green]{new string('━', filled)}[/][dim]{new string('─', BarWidth - filled)}[/]";
    }

    // As many parts as fit, the first ones first: a line that wrapped could not be erased.
    private static string Fit(IEnumerable<string> parts, int columns)
    {
        var line = "";
        foreach (var part in parts)
        {
            var longer = line.Length == 0 ? part : $"{line}  {part}";
            if (Markup.Remove(longer).Length > columns)
            {
                break;
            }

            line = longer;
        }

        return line;
    }
}
