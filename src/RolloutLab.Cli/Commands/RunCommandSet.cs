using System.CommandLine;
using System.Globalization;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>The commands that compute: <c>train</c>, <c>sft</c> and <c>eval</c>. Here they are parsed, shown and stopped.</summary>
internal sealed class RunCommandSet
{
    private readonly CommandLineServices _services;
    private readonly Option<string[]> _set = Options.Set();
    private readonly Option<long?> _seed = Options.WholeNumber("--seed", 0, long.MaxValue, "Seed of every random draw (sets seed).");
    private readonly Option<long?> _threads = Options.WholeNumber("--threads", 1, 4096, "CPU threads (sets threads).");
    private readonly Option<string?> _runDirectory;
    private readonly Option<bool> _json = Options.Json("Print one JSON document, the run's summary, when it ends.");

    private RunCommandSet(CommandLineServices services, string runDirectoryMeaning)
    {
        _services = services;
        _runDirectory = new Option<string?>("--run-dir") { HelpName = "folder", Description = runDirectoryMeaning };
    }

    /// <summary>Creates the commands.</summary>
    public static IEnumerable<Command> Create(CommandLineServices services) =>
        [CreateTrain(services), CreateResume(services), CreateSft(services), CreateEval(services)];

    private static DocumentedCommand CreateTrain(CommandLineServices services) => CreateTraining(
        services,
        new DocumentedCommand("train", "Train a policy by reinforcement learning, as a recipe says.")
        {
            Examples =
            [
                ("train recipes/quickstart.yaml", "the main job, under 3 minutes"),
                ("train recipes/quickstart.yaml --seed 2 --set training.steps=40", "another seed, fewer steps"),
                ("train my.yaml --run-dir runs/trial --json > summary.json", "for scripts"),
            ],
        },
        (runs, arguments, context) => runs.Train(arguments, context));

    private static DocumentedCommand CreateResume(CommandLineServices services)
    {
        var options = new RunCommandSet(services, "");
        var run = Arguments.Named<string>("run", ArgumentArity.ExactlyOne, "The folder of a training run that was interrupted.");
        var command = new DocumentedCommand("resume", "Go on with an interrupted training run, exactly as if it had never stopped.")
        {
            Examples =
            [
                ("resume runs/<run>", "from its newest whole checkpoint, with its own recipe"),
            ],
        };
        command.Arguments.Add(run);
        command.Options.Add(options._json);
        command.SetAction(result => options.Execute(
            result, "stopping after this step", (runs, context) => runs.Resume(result.GetRequiredValue(run), context)));
        return command;
    }

    private static DocumentedCommand CreateSft(CommandLineServices services) => CreateTraining(
        services,
        new DocumentedCommand("sft", "Train a policy on demonstrations (supervised fine-tuning), as a recipe's sft section says.")
        {
            Examples =
            [
                ("sft recipes/warmup-countdown.yaml", "make the quickstart's starting policy"),
                ("sft my.yaml --set sft.steps=500", "more steps"),
            ],
        },
        (runs, arguments, context) => runs.Sft(arguments, context));

    private static DocumentedCommand CreateTraining(
        CommandLineServices services, DocumentedCommand command, Func<IRunCommands, RunArguments, RunContext, RunEnding> run)
    {
        var options = new RunCommandSet(services, "Folder to write to: new or empty (default: a new one under run.dir).");
        var recipe = Arguments.Named<string>("recipe", ArgumentArity.ExactlyOne, "The recipe file (YAML).");
        command.Arguments.Add(recipe);
        options.AddTo(command);
        command.SetAction(result => options.Execute(result, "stopping after this step", (runs, context) =>
            run(
                runs,
                new RunArguments(result.GetRequiredValue(recipe), options.Overrides(result), options.RunDirectory(result)),
                context)));
        return command;
    }

    private static DocumentedCommand CreateEval(CommandLineServices services)
    {
        var options = new RunCommandSet(services, "Folder to write to: new or empty (default: none is written).");
        var target = Arguments.Named<string>(
            "model|recipe", ArgumentArity.ExactlyOne, "A model folder, a run folder, or a recipe whose model is evaluated.");
        var recipe = new Option<string?>("--recipe")
        {
            HelpName = "file",
            Description = "Recipe that names data, verifier and sampling for a model folder.",
        };
        var dataset = new DatasetOptions();
        var command = new DocumentedCommand("eval", "Evaluate a policy: pass@1, unbiased pass@k and maj@k on a recipe's data.eval, or on --dataset without a recipe.")
        {
            Examples =
            [
                ("eval recipes/quickstart.yaml", "the recipe's starting policy"),
                ("eval runs/<run>", "what a run has learned, on its own recipe"),
                ("eval <folder> --dataset test.jsonl --k 1,8 --limit 200", "any model on any prompts, without a recipe"),
            ],
        };
        command.Arguments.Add(target);
        command.Options.Add(recipe);
        dataset.AddTo(command);
        options.AddTo(command);
        command.SetAction(result => options.Execute(result, "stopping", (runs, context) =>
            runs.Eval(
                new EvalArguments(
                    result.GetRequiredValue(target), result.GetValue(recipe), options.Overrides(result), options.RunDirectory(result))
                {
                    Dataset = dataset.Read(result),
                },
                context)));
        return command;
    }

    private void AddTo(DocumentedCommand command)
    {
        foreach (var option in new Option[] { _set, _seed, _threads, _runDirectory, _json })
        {
            command.Options.Add(option);
        }
    }

    private string? RunDirectory(ParseResult result) => result.GetValue(_runDirectory);

    private string[] Overrides(ParseResult result)
    {
        var overrides = new List<string>(result.GetValue(_set) ?? []);
        AddOverride("seed", result.GetValue(_seed));
        AddOverride("threads", result.GetValue(_threads));
        return [.. overrides];

        void AddOverride(string key, long? value)
        {
            if (value is { } given)
            {
                overrides.Add(string.Create(CultureInfo.InvariantCulture, $"{key}={given}"));
            }
        }
    }

    private int Execute(ParseResult result, string stopping, Func<IRunCommands, RunContext, RunEnding> run)
    {
        using var display = RunDisplays.Create(_services.Terminal, result.GetValue(_json), _services.Clock);
        using var stop = new StopRequest(stopping, display.Notice, ImmediateExit.Interrupted);
        using var signals = new StopSignals(stop);
        var context = new RunContext(display, stop.Token)
        {
            Work = unit => WorkProgress.Of(_services, unit, result.GetValue(_json)),
        };
        return run(_services.Runs(), context) == RunEnding.Finished ? ExitCodes.Ok : ExitCodes.Interrupted;
    }
}
