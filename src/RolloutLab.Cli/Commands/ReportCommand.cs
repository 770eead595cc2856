using System.CommandLine;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary><c>report</c>: a run as one HTML file.</summary>
internal static class ReportCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var run = Arguments.Named<string>("run", ArgumentArity.ExactlyOne, "The run folder; the run may still be going on.");
        var page = new Option<string?>("--out") { HelpName = "file.html", Description = "The file (default: report.html in the run folder)." };
        var heatMap = new Option<string?>("--heat-map") { HelpName = "file.svg", Description = "Write only the picture of budget against success rate over training." };
        var curves = new Option<string?>("--curves") { HelpName = "file.svg", Description = "Write only the picture of reward, accuracy and length over training." };
        var json = Options.Json("Print what was written as one JSON document.");
        var command = new DocumentedCommand("report", "Write a run as one HTML file that opens offline: curves, budgets, lengths, prompts with their rollouts and trees.")
        {
            Examples =
            [
                ("report runs/<run>", "writes runs/<run>/report.html"),
                ("report runs/<run> --out trial.html", "to another file"),
                ("report runs/<run> --curves run.svg", "reward, accuracy and length as one picture"),
                ("report runs/<run> --heat-map budgets.svg", "the budgets' picture alone"),
            ],
        };
        command.Arguments.Add(run);
        foreach (var option in new Option[] { page, curves, heatMap, json })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (new Option[] { page, curves, heatMap }.Count(o => result.GetResult(o) is { Implicit: false }) > 1)
            {
                result.AddError("--out, --curves and --heat-map each name the only file to write; give one of them");
            }
        });
        command.SetAction(result =>
        {
            var folder = result.GetRequiredValue(run);
            var written = result.GetValue(heatMap) is { } budgets ? WriteHeatMap(folder, budgets)
                : result.GetValue(curves) is { } picture ? WriteCurves(services, folder, picture, result.GetValue(json))
                : WritePage(services, folder, result.GetValue(page) ?? Path.Combine(folder, "report.html"), result.GetValue(json));
            Tell(services.Terminal, written, result.GetValue(json));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static string WritePage(CommandLineServices services, string folder, string path, bool isJson)
    {
        using var checking = WorkProgress.Of(services, "MiB checked", isJson);
        using var progress = WorkProgress.Of(services, "steps", isJson);
        AtomicFile.WriteText(path, RunReportPage.Of(new RunReportReader(folder, progress, checking).Read()));
        return path;
    }

    private static string WriteCurves(CommandLineServices services, string folder, string path, bool isJson)
    {
        using var checking = WorkProgress.Of(services, "MiB checked", isJson);
        var metrics = RunReportReader.ReadMetrics(folder, checking);
        AtomicFile.WriteText(path, RunCurves.Of(metrics).Draw(Path.GetFileName(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar))));
        return path;
    }

    private static string WriteHeatMap(string folder, string path)
    {
        AtomicFile.WriteText(path, BudgetHeatMap.Of(Path.Combine(folder, "budgets.jsonl")).Draw());
        return path;
    }

    private static void Tell(Terminal terminal, string path, bool json)
    {
        var (full, bytes) = (Path.GetFullPath(path), new FileInfo(path).Length);
        terminal.Out.WriteLine(json
            ? new JsonObject { ["path"] = full, ["bytes"] = bytes }.ToJsonString(SimulationReport.Readable)
            : $"{ProgressText.Shorten(full)}  {Figures.Bytes(bytes)}");
    }
}
