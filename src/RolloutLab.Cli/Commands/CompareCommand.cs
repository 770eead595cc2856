using System.CommandLine;
using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary><c>compare</c>: runs side by side, with intervals over seeds.</summary>
internal static class CompareCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var runs = Arguments.Named<string[]>("run", new ArgumentArity(1, 100_000), "Run folders, or the folder of a sweep.");
        var target = Options.Share("--target", "pass@1 to count steps, rollouts and tokens to (default: the first group's at the end).");
        var page = new Option<string?>("--out") { HelpName = "file.html", Description = "Write a page with the table and curves, which opens offline." };
        var json = Options.Json("Print the comparison as one JSON document.");
        var command = new DocumentedCommand("compare", "Put runs side by side: runs that differ in nothing but their seed are one group, with 95 % intervals.")
        {
            Examples =
            [
                ("compare runs/grpo-* runs/latr-*", "two recipes over their seeds; the first is the yardstick"),
                ("compare runs/ablation-countdown --out ablation.html", "a sweep, with curves"),
                ("compare runs/a runs/b --target 0.45 --json", "for scripts"),
            ],
        };
        command.Arguments.Add(runs);
        foreach (var option in new Option[] { target, page, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(result =>
        {
            var terminal = services.Terminal;
            var (groups, measures) = Read(services, result.GetRequiredValue(runs), result.GetValue(json));
            var comparison = RunComparison.Of(groups, measures, result.GetValue(target));
            terminal.Out.WriteLine(result.GetValue(json) ? RunComparisonJson.Of(comparison, "groups", folder: null) : comparison.ToText());
            if (result.GetValue(page) is { } path)
            {
                AtomicFile.WriteText(path, ComparisonPage.Of(comparison));
                terminal.Error.WriteLine($"page: {ProgressText.Shorten(Path.GetFullPath(path))}");
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static (IReadOnlyList<string> Groups, IReadOnlyList<RunMeasures> Runs) Read(CommandLineServices services, string[] folders, bool isJson)
    {
        using var progress = WorkProgress.Of(services, "runs", isJson);
        return new RunFolders(services.Terminal.Error.WriteLine).Read(folders, progress);
    }
}
