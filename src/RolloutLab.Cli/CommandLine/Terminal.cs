using Microsoft.Win32.SafeHandles;

namespace RolloutLab.Cli;

/// <summary>Where a command reads and writes, and what that place can show.</summary>
internal sealed record Terminal
{
    private const int FallbackWidth = 80;

    /// <summary>Standard input, line by line.</summary>
    public TextReader In { get; init; } = TextReader.Null;

    /// <summary>Standard output: what was asked for.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error: errors and, where the output is for machines, notices.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether the output is a screen that understands control codes and whose user wants them.</summary>
    public required bool IsLive { get; init; }

    /// <summary>Gives the columns of the screen, which a person may resize; at least 1.</summary>
    public Func<int> Width { get; init; } = () => FallbackWidth;

    /// <summary>
    /// The process's own terminal. It is live unless the output is redirected, <c>NO_COLOR</c> is set to anything but
    /// nothing (no-color.org), or <c>TERM</c> is <c>dumb</c>.
    /// </summary>
    /// <param name="variable">Gives environment variables.</param>
    public static Terminal OfProcess(Func<string, string?> variable)
    {
        var isLive = !Console.IsOutputRedirected && string.IsNullOrEmpty(variable("NO_COLOR")) && variable("TERM") != "dumb";
        return new Terminal
        {
            In = new StreamReader(Console.OpenStandardInput()),
            Out = WriterTo(Console.IsOutputRedirected ? Console.OpenStandardOutput() : Screen(descriptor: 1)),
            Error = WriterTo(Console.IsErrorRedirected ? Console.OpenStandardError() : Screen(descriptor: 2)),
            IsLive = isLive,
            Width = () => isLive && Console.WindowWidth > 0 ? Console.WindowWidth : FallbackWidth,
        };
    }

    /// <summary>A notice over the line of progress that stands on a screen, which is not its own line otherwise.</summary>
    public string Over(string notice) => IsLive ? $"\r{notice.PadRight(FallbackWidth - 2)}" : notice;

    private static TextWriter WriterTo(Stream stream) => TextWriter.Synchronized(new StreamWriter(stream) { AutoFlush = true });

    // The console's own streams switch a screen's keypad mode by control codes, also for those who want none.
    private static FileStream Screen(nint descriptor) =>
        new(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
}
