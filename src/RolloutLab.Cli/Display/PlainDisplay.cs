using RolloutLab.Runs;
using Spectre.Console;

namespace RolloutLab.Cli;

/// <summary>
/// For files and pipes: lines without control codes. A line a step, but at most one every two seconds (the first and
/// the last step always have theirs); work that takes long inside a step has a line every ten.
/// </summary>
internal sealed class PlainDisplay(TextWriter output, TimeProvider clock) : IRunDisplay
{
    private const double StepLineSeconds = 2;
    private const double PhaseLineSeconds = 10;

    private readonly RunTracker _tracker = new(clock);
    private double _lastLine = double.NegativeInfinity;

    /// <inheritdoc/>
    public void RunStarted(RunStart start)
    {
        _tracker.Started(start);
        WriteAll(ProgressText.Header(start));
        _lastLine = _tracker.Elapsed;
    }

    /// <inheritdoc/>
    public void PhaseProgress(string phase, long done, long total)
    {
        _tracker.Moved(phase, done, total);
        if (_tracker.Elapsed - _lastLine >= PhaseLineSeconds)
        {
            WriteLine($"{StepOf()}{phase} {Figures.Count(done)}/{Figures.Count(total)}{Eta()}");
        }
    }

    /// <inheritdoc/>
    public void StepFinished(StepProgress step)
    {
        var isFirst = _tracker.Step is null;
        _tracker.Stepped(step);
        if (isFirst || step.Step == _tracker.Steps.Total || _tracker.Elapsed - _lastLine >= StepLineSeconds)
        {
            WriteLine($"{StepOf()}{string.Join("  ", ProgressText.Measures(step))}{Eta()}");
        }
    }

    /// <inheritdoc/>
    public void EvaluationFinished(EvaluationResult evaluation)
    {
        _tracker.Evaluated();
        var majority = evaluation.MajAtK is { } share ? $"  maj@{evaluation.K} {Figures.Percent(share)}" : "";
        WriteLine(
            $"evaluation at step {Figures.Count(evaluation.Step)}: pass@1 {Figures.Percent(evaluation.PassAt1)}  "
            + $"pass@{evaluation.K} {Figures.Percent(evaluation.PassAtK)}{majority}  "
            + $"length {Figures.OneDecimal(evaluation.ResponseLength)}  "
            + $"({Figures.Count(evaluation.Problems)} problems, {Figures.Duration(evaluation.Seconds)})");
    }

    /// <inheritdoc/>
    public void Notice(string line) => WriteLine(line);

    /// <inheritdoc/>
    public void RunFinished(RunSummary summary)
    {
        output.WriteLine();
        WriteAll(SummaryText.Lines(summary, _tracker));
        output.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => output.Flush();

    private string StepOf() =>
        _tracker.Steps is { Done: > 0 } steps ? $"step {Figures.Count(steps.Done)}/{Figures.Count(steps.Total)}  " : "";

    private string Eta() => _tracker.SecondsLeft is { } seconds ? $"  ETA {Figures.Duration(seconds)}" : "";

    private void WriteAll(IEnumerable<string> markupLines)
    {
        foreach (var line in markupLines)
        {
            output.WriteLine(Markup.Remove(line).TrimEnd());
        }
    }

    // Flushed line by line, so that whoever follows the file sees each in time.
    private void WriteLine(string line)
    {
        output.WriteLine(line);
        output.Flush();
        _lastLine = _tracker.Elapsed;
    }
}
