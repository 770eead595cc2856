using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>
/// Shows how far long work is, with its rate and the time left: one line that changes on a screen, else a line every few
/// seconds. Work that is done at once shows nothing. Safe to report to from any thread.
/// </summary>
/// <param name="writer">Where to.</param>
/// <param name="isLive">Whether that is a screen.</param>
/// <param name="unit">What is counted, in the plural.</param>
/// <param name="clock">Paces and times it.</param>
internal sealed class WorkProgress(TextWriter writer, bool isLive, string unit, TimeProvider clock) : IProgress<WorkDone>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenFrames = TimeSpan.FromSeconds(0.1);

    private readonly Lock _lock = new();
    private readonly long _started = clock.GetTimestamp();
    private TimeSpan _next = Patience;
    private int _width;

    /// <summary>Progress of a command, shown nowhere where it answers machines, which get one document.</summary>
    /// <param name="services">What the command line works with.</param>
    /// <param name="unit">What is counted, in the plural.</param>
    /// <param name="isJson">Whether the command answers machines.</param>
    public static WorkProgress Of(CommandLineServices services, string unit, bool isJson) =>
        new(isJson ? TextWriter.Null : services.Terminal.Error, services.Terminal.IsLive, unit, services.Clock);

    /// <inheritdoc/>
    public void Report(WorkDone value)
    {
        lock (_lock)
        {
            var elapsed = clock.GetElapsedTime(_started);
            if (elapsed < _next || value.Done <= 0)
            {
                return;
            }

            _next = elapsed + (isLive ? BetweenFrames : BetweenLines);
            var seconds = elapsed.TotalSeconds;
            var left = Math.Max(0, value.Total - value.Done) * seconds / value.Done;
            var line = $"{Figures.Count(value.Done)}/{Figures.Count(value.Total)} {unit}  {Figures.Count(value.Done / seconds)}/s  ETA {Figures.Duration(left)}";
            writer.Write(isLive ? $"\r{line.PadRight(_width)}" : line + "\n");
            _width = line.Length;
        }
    }

    /// <summary>Removes the line from a screen.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (isLive && _width > 0)
            {
                writer.Write($"\r{new string(' ', _width)}\r");
                _width = 0;
            }
        }
    }
}
