using System.Diagnostics;
using RolloutLab.Simulation;

namespace RolloutLab.Cli;

/// <summary>How far a replay is, with rate and ETA: lines in a file, one line that changes on a screen.</summary>
/// <param name="writer">Where it is shown.</param>
/// <param name="isLive">Whether that is a screen.</param>
internal sealed class ReplayProgress(TextWriter writer, bool isLive) : IProgress<StudyProgress>
{
    private const double LiveSeconds = 0.2;
    private const double LineSeconds = 5;

    private readonly long _started = Stopwatch.GetTimestamp();
    private double _shownAt;
    private bool _open;

    /// <inheritdoc/>
    public void Report(StudyProgress value)
    {
        var seconds = Stopwatch.GetElapsedTime(_started).TotalSeconds;
        Show(seconds, $"{value.Steps}/{value.TotalSteps} steps  {Figures.Amount(value.Rollouts / seconds)} rollouts/s  ETA {Figures.Duration((value.TotalSteps - value.Steps) * seconds / value.Steps)}");
    }

    /// <summary>Steps of an exact replay.</summary>
    /// <param name="total">Steps in all.</param>
    public IProgress<long> Steps(long total) => new Forward(step =>
    {
        var seconds = Stopwatch.GetElapsedTime(_started).TotalSeconds;
        Show(seconds, $"step {step}/{total}  {Figures.OneDecimal(step / seconds)} steps/s  ETA {Figures.Duration((total - step) * seconds / step)}");
    });

    /// <summary>Ends the line that changes.</summary>
    public void Close()
    {
        if (_open)
        {
            writer.Write("\r" + new string(' ', 78) + "\r");
            _open = false;
        }
    }

    private void Show(double seconds, string line)
    {
        if (seconds - _shownAt < (isLive ? LiveSeconds : LineSeconds))
        {
            return;
        }

        _shownAt = seconds;
        _open = isLive;
        writer.Write(isLive ? "\r" + line.PadRight(78) : line + "\n");
    }

    private sealed class Forward(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
