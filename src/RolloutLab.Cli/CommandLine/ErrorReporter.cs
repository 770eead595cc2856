using RolloutLab.Core;

namespace RolloutLab.Cli;

/// <summary>Tells the user about an error in one line; the stack trace only when asked for.</summary>
internal static class ErrorReporter
{
    /// <summary>Writes the error.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="debug">Whether the stack trace follows.</param>
    /// <param name="writer">Standard error.</param>
    /// <returns>The exit code that goes with it.</returns>
    public static int Report(Exception error, bool debug, TextWriter writer)
    {
        writer.WriteLine($"rolloutlab: {OneLine(Describe(error, debug))}");
        if (debug)
        {
            writer.WriteLine(error);
        }

        return ExitCodes.Of(error);
    }

    private static string Describe(Exception error, bool debug) => error switch
    {
        RolloutLabException => error.Message,
        OperationCanceledException => "interrupted",
        IOException or UnauthorizedAccessException => $"{error.Message}; check the disk and where the output goes",
        _ => $"internal error: {error.GetType().Name}: {error.Message}{(debug ? "" : "; run again with --debug for the stack trace")}",
    };

    private static string OneLine(string text) =>
        string.Join(' ', text.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
