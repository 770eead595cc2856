using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace RolloutLab.Cli;

/// <summary>The usual help, followed by the command's examples and notes.</summary>
/// <param name="usual">Writes everything but them.</param>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is DocumentedCommand command)
        {
            var writer = parseResult.InvocationConfiguration.Output;
            WriteColumns(writer, "Examples", [.. command.Examples.Select(e => ($"rolloutlab {e.Call}", e.Meaning))]);
            foreach (var (title, rows) in command.Notes)
            {
                WriteColumns(writer, title, rows);
            }
        }

        return code;
    }

    private static void WriteColumns(TextWriter writer, string title, IReadOnlyList<(string First, string Second)> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var width = rows.Max(row => row.First.Length);
        writer.WriteLine($"{title}:");
        foreach (var (first, second) in rows)
        {
            writer.WriteLine($"  {first.PadRight(width)}  {second}");
        }

        writer.WriteLine();
    }
}
