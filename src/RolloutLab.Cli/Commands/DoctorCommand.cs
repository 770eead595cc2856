using System.CommandLine;
using Spectre.Console;

namespace RolloutLab.Cli;

/// <summary><c>doctor</c>.</summary>
internal static class DoctorCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var json = Options.Json("Print the checks as one JSON document.");
        var command = new DocumentedCommand(
            "doctor", "Show what this machine has for training, what is wrong, and what mends it (exit code 1 when training cannot work).")
        {
            Examples = [("doctor", "for people"), ("doctor --json", "for scripts and bug reports")],
        };
        command.Options.Add(json);
        command.SetAction(result =>
        {
            var checks = new SetupExamination(SetupSources.OfThisMachine(services.Variable)).Run();
            Show(checks, result.GetValue(json), services.Terminal);
            return CheckReport.Worst(checks) == CheckStatus.Problem ? ExitCodes.Failed : ExitCodes.Ok;
        });
        return command;
    }

    private static void Show(IReadOnlyList<Check> checks, bool json, Terminal terminal)
    {
        if (json)
        {
            terminal.Out.WriteLine(CheckReport.ToJson(checks));
        }
        else if (terminal.IsLive)
        {
            new LiveBlock(terminal.Out).Show(CheckReport.Lines(checks), []);
        }
        else
        {
            foreach (var line in CheckReport.Lines(checks))
            {
                terminal.Out.WriteLine(Markup.Remove(line).TrimEnd());
            }
        }
    }
}
