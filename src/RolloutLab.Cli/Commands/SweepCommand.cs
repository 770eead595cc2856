using System.CommandLine;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary><c>sweep</c>: variants of a recipe, each with several seeds, and a table.</summary>
internal static class SweepCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var sweep = Arguments.Named<string>("sweep", ArgumentArity.ExactlyOne, "The sweep file (YAML): recipe, seeds, variants, grid.");
        var only = new Option<string[]>("--only") { HelpName = "variant", Description = "Run only this variant (repeatable)." };
        var seeds = Options.WholeNumber("--seeds", 1, 1000, "Use only the first n seeds of the file.");
        var folder = new Option<string?>("--run-dir") { HelpName = "folder", Description = "The sweep's folder (default: runs/<name of the file>)." };
        var json = Options.Json("Print the table as one JSON document when it ends.");
        var command = new DocumentedCommand("sweep", "Run variants of a recipe with several seeds, one after another, and compare them.")
        {
            Examples =
            [
                ("sweep recipes/ablation-countdown.yaml", "all variants and seeds; called again, it goes on where it stopped"),
                ("sweep recipes/ablation-countdown.yaml --only grpo --only full --seeds 2", "a part of it"),
            ],
        };
        command.Arguments.Add(sweep);
        foreach (var option in new Option[] { only, seeds, folder, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(result =>
        {
            var path = result.GetRequiredValue(sweep);
            var file = Narrowed(path, SweepFile.Load(path), result.GetValue(only) ?? [], result.GetValue(seeds));
            var target = Path.GetFullPath(result.GetValue(folder) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(path)));
            return Run(services, file, target, result.GetValue(json));
        });
        return command;
    }

    private static SweepFile Narrowed(string path, SweepFile file, string[] only, long? seeds)
    {
        if (only.FirstOrDefault(name => file.Variants.All(v => v.Name != name)) is { } unknown)
        {
            throw new RecipeException($"{path}: --only {unknown}: no such variant; there are {string.Join(", ", file.Variants.Select(v => v.Name))}");
        }

        return file with
        {
            Variants = only.Length == 0 ? file.Variants : ValueList.Create<SweepVariant>([.. file.Variants.Where(v => only.Contains(v.Name))]),
            Seeds = seeds is { } count ? ValueList.Create<int>([.. file.Seeds.Take((int)count)]) : file.Seeds,
        };
    }

    private static int Run(CommandLineServices services, SweepFile file, string folder, bool json)
    {
        // With --json the document alone goes to standard output.
        var terminal = json ? services.Terminal with { Out = services.Terminal.Error, IsLive = false } : services.Terminal;
        Directory.CreateDirectory(folder);
        using var held = Claim(folder);
        using var stop = new StopRequest("stopping after this step", terminal.Error.WriteLine, ImmediateExit.Interrupted);
        using var signals = new StopSignals(stop);
        var displays = new List<IRunDisplay>();
        try
        {
            var (table, isComplete) = new Sweep(file, folder, services.Runs(), terminal.Out.WriteLine).Execute(() => Context(), services.Clock);
            terminal.Out.WriteLine();
            services.Terminal.Out.WriteLine(json ? RunComparisonJson.Of(table, "variants", folder) : $"{table.ToText()}\nfiles: {folder}");
            return isComplete ? ExitCodes.Ok : ExitCodes.Interrupted;
        }
        finally
        {
            displays.ForEach(d => d.Dispose());
        }

        RunContext Context()
        {
            var display = RunDisplays.Create(terminal, json: false, services.Clock);
            displays.Add(display);
            return new RunContext(display, stop.Token);
        }
    }

    private static FileStream Claim(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException error)
        {
            throw new RunException($"{folder} is in use by another sweep; wait for it, or give --run-dir another folder", error);
        }
    }
}
