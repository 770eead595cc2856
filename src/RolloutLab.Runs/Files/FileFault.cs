using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Turns what the file system refuses into one line that names the path and the remedy.</summary>
internal static class FileFault
{
    private const int LinuxNoSpace = 28;
    private const int LinuxReadOnly = 30;
    private const int LinuxQuotaExceeded = 122;

    /// <summary>Runs a file operation; a refusal of the file system becomes a <see cref="RunException"/>.</summary>
    /// <param name="verb">What was tried: <c>write</c>, <c>read</c>, <c>create</c>.</param>
    /// <param name="path">The file or folder.</param>
    /// <param name="operation">The operation.</param>
    public static T Guard<T>(string verb, string path, Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception fault) when (IsFileFault(fault))
        {
            throw Translate(verb, path, fault);
        }
    }

    /// <inheritdoc cref="Guard{T}"/>
    public static void Guard(string verb, string path, Action operation) =>
        Guard(verb, path, () =>
        {
            operation();
            return true;
        });

    /// <summary>Whether the exception is the file system's answer rather than a bug.</summary>
    public static bool IsFileFault(Exception fault) => fault is IOException or UnauthorizedAccessException;

    /// <summary>The one-line error for a refused operation.</summary>
    public static RunException Translate(string verb, string path, Exception fault)
    {
        var (reason, remedy) = Explain(verb, fault);
        return new RunException($"cannot {verb} {path}: {reason}; {remedy}", fault);
    }

    private static (string Reason, string Remedy) Explain(string verb, Exception fault)
    {
        const string elsewhere = "choose another folder with --run-dir";
        return fault switch
        {
            UnauthorizedAccessException => ("permission denied", verb == "read"
                ? "give yourself the right to read it"
                : $"give yourself the right to write there or {elsewhere}"),
            FileNotFoundException or DirectoryNotFoundException => verb == "read"
                ? ("it does not exist", "check the path")
                : ("its folder does not exist and cannot be made", elsewhere),
            PathTooLongException => ("the path is too long", elsewhere),
            { HResult: LinuxNoSpace } => ("no space left on the disk", $"free some space or {elsewhere}"),
            { HResult: LinuxQuotaExceeded } => ("the disk quota is used up", $"free some space or {elsewhere}"),
            { HResult: LinuxReadOnly } => ("the file system is read-only", elsewhere),
            _ => (FirstSentence(fault.Message), verb == "read" ? "check the file" : $"check the folder or {elsewhere}"),
        };
    }

    // The runtime appends " : '<path>'" to the system's text, and the path is already named.
    private static string FirstSentence(string message)
    {
        var end = message.IndexOf(" : '", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).ReplaceLineEndings(" ").TrimEnd('.', ' ');
    }
}
