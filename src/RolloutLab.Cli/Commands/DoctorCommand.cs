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
        var set = Options.Set();
        var recipe = Arguments.Named<string?>("recipe", ArgumentArity.ZeroOrOne, "A recipe: what its training takes of the memory, by part.");
        var command = new DocumentedCommand(
            "doctor", "Show what this machine has for training, what is wrong, and what mends it (exit code 1 when training cannot work).")
        {
            Examples =
            [
                ("doctor", "for people"),
                ("doctor my.yaml --set update.gradient_checkpointing=true", "and what this recipe takes of the memory, by part"),
                ("doctor --json", "for scripts and bug reports"),
            ],
        };
        command.Arguments.Add(recipe);
        command.Options.Add(set);
        command.Options.Add(json);
        command.SetAction(result =>
        {
            var checks = new SetupExamination(SetupSources.OfThisMachine(services.Variable)).Run();
            var memory = result.GetValue(recipe) is { } path ? Memory(services, path, result.GetValue(set) ?? []) : null;
            Show(checks, memory, result.GetValue(json), services.Terminal);
            return CheckReport.Worst(checks) == CheckStatus.Problem || memory is { Fits: false } ? ExitCodes.Failed : ExitCodes.Ok;
        });
        return command;
    }

    private static MemoryReport Memory(CommandLineServices services, string recipe, string[] overrides)
    {
        var (forecast, limit) = services.Runs().Memory(new RunArguments(recipe, overrides, null), services.Terminal.Error.WriteLine);
        return new MemoryReport(recipe, forecast, limit);
    }

    private static void Show(IReadOnlyList<Check> checks, MemoryReport? memory, bool json, Terminal terminal)
    {
        if (json)
        {
            terminal.Out.WriteLine(CheckReport.ToJson(checks, memory));
            return;
        }

        if (terminal.IsLive)
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

        foreach (var line in memory is null ? [] : memory.Lines().Prepend(""))
        {
            terminal.Out.WriteLine(line);
        }
    }
}
