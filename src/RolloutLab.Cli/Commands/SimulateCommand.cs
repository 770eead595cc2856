using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;

namespace RolloutLab.Cli;

/// <summary><c>simulate</c>.</summary>
internal sealed class SimulateCommand
{
    private readonly Argument<string> _recipe = Arguments.Named<string>("recipe", ArgumentArity.ExactlyOne, "A recipe with a simulation section (YAML).");
    private readonly Option<string[]> _set = Options.Set();
    private readonly Option<long?> _seed = Options.WholeNumber("--seed", 0, long.MaxValue, "First seed (sets seed).");
    private readonly Option<long?> _threads = Options.WholeNumber("--threads", 1, 4096, "Runs at a time (sets threads).");
    private readonly Option<string?> _folder = new("--run-dir") { HelpName = "folder", Description = "Folder to write to: new or empty (default: a new one under run.dir)." };
    private readonly Option<bool> _json = Options.Json("Print the results as one JSON document.");

    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var options = new SimulateCommand();
        var command = new DocumentedCommand(
            "simulate", "Compare budget allocators on a simulated policy: the same training loop, no model, several seeds.")
        {
            Examples =
            [
                ("simulate recipes/simulate-published.yaml", "the published regime: a table, curves and heat maps"),
                ("simulate recipes/simulate-gsm8k.yaml", "on the pass rates of a real log"),
                ("simulate my.yaml --set simulation.seeds=20 --json", "20 seeds, for scripts"),
            ],
        };
        command.Arguments.Add(options._recipe);
        foreach (var option in new Option[] { options._set, options._seed, options._threads, options._folder, options._json })
        {
            command.Options.Add(option);
        }

        command.SetAction(result => options.Execute(result, services));
        return command;
    }

    private int Execute(ParseResult result, CommandLineServices services)
    {
        var overrides = new List<string>(result.GetValue(_set) ?? []);
        overrides.AddRange(result.GetValue(_seed) is { } seed ? [string.Create(CultureInfo.InvariantCulture, $"seed={seed}")] : []);
        overrides.AddRange(result.GetValue(_threads) is { } threads ? [string.Create(CultureInfo.InvariantCulture, $"threads={threads}")] : []);
        var recipe = RecipeLoader.Load(result.GetRequiredValue(_recipe), overrides);
        var simulation = recipe.RequireSimulation();

        // What is wrong with the pool is found before there is a folder.
        _ = RatePool.Create(simulation.Pool, new RandomStreams((ulong)recipe.Seed));
        using var directory = result.GetValue(_folder) is { } path ? RunDirectory.CreateAt(path) : RunDirectory.Create(recipe.Run.Folder, recipe.Name, TimeProvider.System);
        directory.WriteRecipe(recipe.ToYaml());
        var isJson = result.GetValue(_json);
        var screen = isJson ? services.Terminal.Error : services.Terminal.Out;
        var runs = simulation.Allocators.Count * simulation.Seeds;
        screen.WriteLine($"{recipe.Name}: {simulation.Allocators.Count} allocators × {simulation.Seeds} seeds × {recipe.Training.Steps} steps, into {directory.Path}");
        using var stop = new StopRequest("stopping after the current steps", screen.WriteLine, ImmediateExit.Interrupted);
        using var signals = new StopSignals(stop);
        var started = Stopwatch.GetTimestamp();
        var study = new SimulationStudy(
            recipe, directory.Path, recipe.Threads > 0 ? recipe.Threads : Environment.ProcessorCount, () => Strategies.Sharpened(recipe));
        var outcome = study.Run(new RunsProgress(screen, runs, started, services.Terminal.IsLive), stop.Token);
        if (!outcome.Completed)
        {
            screen.WriteLine($"interrupted; the runs so far are in {directory.Path}");
            return ExitCodes.Interrupted;
        }

        var report = SimulationReport.ToJson(outcome, Stopwatch.GetElapsedTime(started).TotalSeconds, directory.Path);
        AtomicFile.WriteText(Path.Combine(directory.Path, "summary.json"), report.ToJsonString(SimulationReport.Readable) + "\n");
        services.Terminal.Out.WriteLine(isJson ? report.ToJsonString(SimulationReport.Readable) : SimulationReport.Table(outcome, report));
        return ExitCodes.Ok;
    }

    /// <summary>Progress by runs: lines in a file, one line that changes on a screen.</summary>
    private sealed class RunsProgress(TextWriter writer, int total, long started, bool isLive) : IProgress<int>
    {
        private readonly Lock _lock = new();
        private int _shown;

        public void Report(int value)
        {
            lock (_lock)
            {
                var tenth = value * 10 / total;
                if (value < total && !isLive && tenth == _shown)
                {
                    return;
                }

                _shown = tenth;
                var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
                var line = $"{value}/{total} runs  {Figures.OneDecimal(value / seconds)}/s  ETA {Figures.Duration((total - value) * seconds / value)}";
                writer.Write(isLive ? $"\r{line}{(value == total ? "\n" : "   ")}" : line + "\n");
            }
        }
    }
}

/// <summary>A simulation's results as JSON and as a table.</summary>
internal static class SimulationReport
{
    public static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>The JSON document: <c>allocators.NAME.MEASURE</c> with <c>mean</c>, <c>ci95</c> and <c>seeds</c>.</summary>
    public static JsonObject ToJson(SimulationResult result, double seconds, string folder)
    {
        var allocators = new JsonObject();
        foreach (var allocator in result.Results)
        {
            var measures = new JsonObject();
            foreach (var (name, interval) in allocator.Measures)
            {
                measures[name] = new JsonObject
                {
                    ["mean"] = double.IsNaN(interval.Mean) ? null : interval.Mean,
                    ["ci95"] = interval.Margin,
                    ["seeds"] = interval.Count,
                };
            }

            allocators[allocator.Name] = measures;
        }

        return new JsonObject
        {
            ["run"] = folder,
            ["rollouts"] = result.Rollouts,
            ["seconds"] = seconds,
            ["rollouts_per_second"] = result.Rollouts / seconds,
            ["allocators"] = allocators,
        };
    }

    public static string Table(SimulationResult result, JsonObject report)
    {
        var width = Math.Max(9, result.Results.Max(r => r.Name.Length));
        var lines = new List<string>
        {
            "",
            $"{"allocator".PadRight(width)}  {"effective, rollouts",20}  {"over baseline",15}  {"effective, prompts",20}  {"gain over baseline",18}  {"solved",16}  {"most",8}  {"target share with",22}",
        };
        foreach (var r in result.Results)
        {
            lines.Add(
                $"{r.Name.PadRight(width)}  {Share(r[SimulationStudy.EffectiveGradientRatio]),20}  {Times(r[SimulationStudy.Relative]),15}  "
                + $"{Share(r[SimulationStudy.EffectivePromptRatio]),20}  {Times(r[SimulationStudy.RelativeGain]),18}  {Share(r[SimulationStudy.SolvedRatio]),16}  "
                + $"{Figures.OneDecimal(r[SimulationStudy.MostRollouts].Mean),8}  {Fewer(r[SimulationStudy.Speedup]),22}");
        }

        lines.Add("");
        lines.Add(
            $"{Figures.Amount(result.Rollouts)} simulated rollouts in {Figures.Duration((double)report["seconds"]!)}, "
            + $"{Figures.Amount((double)report["rollouts_per_second"]!)} a second");
        lines.Add($"curves  {Path.Combine((string)report["run"]!, "simulation.svg")}");
        lines.Add($"rows    {Path.Combine((string)report["run"]!, "simulation.jsonl")}");
        return string.Join('\n', lines);
    }

    private static string Share(Estimate i) => string.Create(CultureInfo.InvariantCulture, $"{i.Mean:0.000} ± {i.Margin:0.000}");

    private static string Times(Estimate i) => string.Create(CultureInfo.InvariantCulture, $"{i.Mean:0.00} ± {i.Margin:0.00}");

    private static string Fewer(Estimate i) => double.IsNaN(i.Mean)
        ? "not reached"
        : string.Create(CultureInfo.InvariantCulture, $"{i.Mean:0.00} ± {i.Margin:0.00}× fewer");
}
