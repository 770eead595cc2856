using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Rewards;
using RolloutLab.Runs;
using RolloutLab.Simulation;

namespace RolloutLab.Cli;

/// <summary><c>replay</c>.</summary>
internal sealed class ReplayCommand
{
    private readonly Argument<string?> _log = Arguments.Named<string?>(
        "log", ArgumentArity.ZeroOrOne, "A run's folder or store, or another program's log: JSONL or Parquet, a file or a folder of files.");

    private readonly Option<string?> _recipe = new("--recipe") { HelpName = "file", Description = "What to do with the log (default: the run's own recipe, exactly)." };
    private readonly Option<bool> _train = new("--train") { Description = "Train the recipe's model on the log." };
    private readonly Option<long?> _step = Options.WholeNumber("--step", 1, long.MaxValue, "Exact replay of this step only.");
    private readonly Option<string?> _prompt = new("--prompt") { HelpName = "id", Description = "Exact replay: show this prompt's rollouts." };
    private readonly Option<long?> _rollout = Options.WholeNumber("--rollout", 0, int.MaxValue, "Exact replay: show this rollout of a prompt.");
    private readonly Option<string[]> _set = Options.Set();
    private readonly Option<long?> _seed = Options.WholeNumber("--seed", 0, long.MaxValue, "Seed of every random draw (sets seed).");
    private readonly Option<long?> _threads = Options.WholeNumber("--threads", 1, 4096, "CPU threads of --train (sets threads).");
    private readonly Option<string?> _folder = new("--run-dir") { HelpName = "folder", Description = "Folder to write to: new or empty (default: a new one under run.dir)." };
    private readonly Option<bool> _json = Options.Json("Print one JSON document.");

    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var options = new ReplayCommand();
        var command = new DocumentedCommand(
            "replay", "Replay logged rollouts: a run exactly, another recipe on them without a model, or training on them.")
        {
            Examples =
            [
                ("replay runs/<run>", "verdicts, budgets, advantages and decisions again, compared to the last bit"),
                ("replay runs/<run> --step 12 --prompt 4711", "one prompt of one step, as logged and as computed again"),
                ("replay runs/<run> --train", "with the model: losses and metrics too"),
                ("replay runs/<run> --set budget.type=knapsack", "what another budget would have done with the same rollouts"),
                ("replay rollouts.jsonl --recipe my.yaml", "another program's log (verl, TRL, GSM8K, rows)"),
                ("replay recipes/replay-gsm8k.yaml", "a recipe that names its log"),
                ("replay rollouts.jsonl --recipe my.yaml --train", "off-policy training on it"),
            ],
            Notes =
            [
                ("Three uses",
                [
                    ("exact", "a run's folder alone: 0 when every bit is the same, 1 when not; --train adds losses and metrics"),
                    ("what if", "with --recipe, --set or --seed: budgets, advantages and decisions of that recipe; rollouts are drawn"),
                    ("", "from the log without replacement, and what it lacks is the shortfall"),
                    ("training", "with a recipe and --train: off-policy, with importance weights against the log's log-probs"),
                ]),
            ],
        };
        command.Arguments.Add(options._log);
        foreach (var option in new Option[]
        {
            options._recipe, options._train, options._step, options._prompt, options._rollout, options._set, options._seed, options._threads, options._folder, options._json,
        })
        {
            command.Options.Add(option);
        }

        command.SetAction(result => options.Execute(result, services));
        return command;
    }

    private int Execute(ParseResult result, CommandLineServices services)
    {
        var arguments = Read(result).Sorted();
        if (arguments.Selection != ReplaySelection.All && !arguments.IsExact)
        {
            throw new DataException("--step, --prompt and --rollout belong to the exact replay of a run; leave out --recipe, --set and --seed, or them");
        }

        var recipe = arguments.LoadRecipe();
        var isJson = result.GetValue(_json);
        return arguments.Train
            ? WithModel(arguments, recipe, isJson, services)
            : WithoutModel(arguments, recipe, isJson, services);
    }

    private static int WithoutModel(ReplayArguments arguments, Recipe recipe, bool isJson, CommandLineServices services)
    {
        var screen = isJson ? services.Terminal.Error : services.Terminal.Out;
        using var stop = new StopRequest("stopping after this step", line => screen.WriteLine(services.Terminal.Over(line)), ImmediateExit.Interrupted);
        using var signals = new StopSignals(stop);
        var progress = new ReplayProgress(isJson ? TextWriter.Null : screen, services.Terminal.IsLive);
        var started = Stopwatch.GetTimestamp();
        IRolloutLog log;
        using (var reading = new ReadingProgress(WorkProgress.Of(services, "MiB", isJson)))
        {
            log = arguments.OpenLog(recipe, reading, stop.Token);
        }

        var parts = PartsOf(recipe);
        return arguments.IsExact
            ? new ExactReplayOutput(services.Terminal.Out, isJson).Run(arguments, recipe, log, parts, progress, stop.Token)
            : new WhatIfOutput(services.Terminal.Out, screen, isJson).Run(arguments, recipe, log, parts, progress, started, stop.Token);
    }

    private static int WithModel(ReplayArguments arguments, Recipe recipe, bool isJson, CommandLineServices services)
    {
        // An exact replay answers with its comparison; the run's own summary would be a second document.
        using var display = RunDisplays.Create(isJson && arguments.IsExact ? services.Terminal with { Out = services.Terminal.Error } : services.Terminal, isJson && !arguments.IsExact, services.Clock);
        using var stop = new StopRequest("stopping after this step", display.Notice, ImmediateExit.Interrupted);
        using var signals = new StopSignals(stop);
        var context = new RunContext(display, stop.Token) { Work = unit => WorkProgress.Of(services, unit, isJson) };
        var (ending, comparison, shown) = services.Runs().Replay(arguments, recipe, context);
        if (ending == RunEnding.Interrupted)
        {
            return ExitCodes.Interrupted;
        }

        if (comparison is not null)
        {
            services.Terminal.Out.WriteLine(isJson
                ? ExactReplayOutput.Json(comparison, shown).ToJsonString(SimulationReport.Readable)
                : ExactReplayOutput.Text(comparison, shown, withModel: true));
        }

        return comparison?.IsExact == false ? ExitCodes.Failed : ExitCodes.Ok;
    }

    /// <summary>The parts of the loop as a recipe names them.</summary>
    internal static ReplayParts PartsOf(Recipe recipe) => new(
        () => Strategies.Sharpened(recipe),
        () => Strategies.Stages(recipe.Recompose),
        () => new Grader(
            Strategies.Verifier(recipe.RequireVerifier()), recipe.Reward is { } reward ? new RewardShaper(reward, recipe.Rollout.MaxNewTokens) : null));

    private ReplayArguments Read(ParseResult result)
    {
        var overrides = new List<string>(result.GetValue(_set) ?? []);
        overrides.AddRange(result.GetValue(_seed) is { } seed ? [string.Create(CultureInfo.InvariantCulture, $"seed={seed}")] : []);
        overrides.AddRange(result.GetValue(_threads) is { } threads ? [string.Create(CultureInfo.InvariantCulture, $"threads={threads}")] : []);
        var selection = new ReplaySelection(result.GetValue(_step), result.GetValue(_prompt), (int?)result.GetValue(_rollout));
        return new ReplayArguments(
            result.GetValue(_log), result.GetValue(_recipe), overrides, result.GetValue(_train), selection, result.GetValue(_folder));
    }
}
