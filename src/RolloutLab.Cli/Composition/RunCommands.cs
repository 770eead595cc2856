using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;
using RolloutLab.Torch;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>The commands that compute, wired from their recipe.</summary>
/// <param name="clock">Names run folders.</param>
/// <param name="variable">Gives environment variables.</param>
internal sealed class RunCommands(TimeProvider clock, Func<string, string?> variable) : IRunCommands
{
    /// <inheritdoc/>
    public RunEnding Train(RunArguments arguments, RunContext context)
    {
        var recipe = RecipeLoader.Load(arguments.Recipe, arguments.Overrides);
        var identity = Identity(RunKind.Train, recipe.Name, recipe);
        var machine = StartMachine(recipe, context);
        new MemoryCheck(recipe, machine).RequireBeforeLoading(Policy.Describe(recipe).Config);
        using var run = new TrainRun(recipe, identity, machine, context);
        using var directory = CreateDirectory(recipe, identity, machine, arguments.RunDirectory);
        return run.Execute(directory);
    }

    /// <inheritdoc/>
    public (MemoryForecast Forecast, long LimitBytes) Memory(RunArguments arguments, Action<string> notice)
    {
        var recipe = RecipeLoader.Load(arguments.Recipe, arguments.Overrides);
        var machine = Machine.Start(recipe);
        var (tokenizer, home, config) = Policy.Describe(recipe);
        var datasets = new Datasets(tokenizer, config.ExactPositions, new RandomStreams((ulong)recipe.Seed), Chats.Of(recipe, home), notice);
        using var train = datasets.Prompts("train", recipe.RequireTrainData(), recipe.Rollout.MaxNewTokens);
        using var held = recipe.Data.Eval is { } eval ? datasets.Prompts("eval", eval, recipe.Evaluation.Sampling.MaxNewTokens) : null;
        var longest = MemoryCheck.LongestSequence(recipe, config, Math.Max(train.Summary.LongestTokens, held?.Summary.LongestTokens ?? 0));
        return (new MemoryCheck(recipe, machine).Forecast(config, longest, TorchRuntime.Memory().ResidentBytes), machine.MemoryBytes);
    }

    /// <inheritdoc/>
    public ExportedModel Export(ExportArguments arguments, IProgress<WorkDone> progress)
    {
        TorchRuntime.Initialize(Environment.ProcessorCount);
        return new ModelExport(arguments, progress).Execute();
    }

    /// <inheritdoc/>
    public RunEnding Resume(string runFolder, RunContext context)
    {
        using var directory = RunDirectory.Open(runFolder);
        var identity = directory.ReadIdentity();
        if (identity.Kind != RunKind.Train && identity.Log is null)
        {
            throw new RunException($"{directory.Path} is not a training run, and only those have checkpoints to go on from; run its command again");
        }

        var checkpoint = SavedCheckpoint.FindNewest(directory.CheckpointsPath, context.Observer.Notice);
        using (var checking = context.Work("MiB checked"))
        {
            RunChecksums.VerifyThrough(directory.Path, checkpoint?.State.Step ?? 0, checking, context.StopAfterStep);
        }

        var recipe = RecipeLoader.Load(directory.RecipePath, []);
        context.Observer.Notice(checkpoint is null
            ? "there is no checkpoint yet; starting over"
            : $"going on after step {checkpoint.State.Step} of {recipe.Training.Steps}");
        var machine = StartMachine(recipe, context);
        using var run = new TrainRun(recipe, identity, machine, context, checkpoint, identity.Log is { } log ? ReplayedRuns.OffPolicy(recipe, log, context) : null);
        return run.Execute(directory);
    }

    /// <inheritdoc/>
    public RunEnding Sft(RunArguments arguments, RunContext context)
    {
        var recipe = RecipeLoader.Load(arguments.Recipe, arguments.Overrides);
        var identity = Identity(RunKind.Sft, recipe.Name, recipe);
        var machine = StartMachine(recipe, context);
        using var run = new SftRun(recipe, identity, machine, context);
        using var directory = CreateDirectory(recipe, identity, machine, arguments.RunDirectory);
        return run.Execute(directory);
    }

    /// <inheritdoc/>
    public RunEnding Eval(EvalArguments arguments, RunContext context)
    {
        var (recipe, folder) = EvalTarget.Resolve(arguments);
        var name = folder is null ? recipe.Name : Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        var identity = Identity(RunKind.Eval, name, recipe);
        var machine = StartMachine(recipe, context);
        using var run = new EvalRun(recipe, identity, folder, machine, context);
        using var directory = arguments.RunDirectory is { } path ? CreateDirectory(recipe, identity, machine, path) : null;
        return run.Execute(directory);
    }

    /// <inheritdoc/>
    public IChatModel Chat(ChatArguments arguments) => new ChatModel(arguments);

    /// <inheritdoc/>
    public (RunEnding Ending, ReplayComparison? Comparison, IReadOnlyList<ReplayedRollout> Shown) Replay(ReplayArguments arguments, Recipe recipe, RunContext context)
    {
        if (arguments.IsExact)
        {
            return ReplayExactly(arguments, recipe, context);
        }

        var identity = Identity(RunKind.Replay, arguments.NameOf(recipe) + "-replay", recipe) with { Log = Path.GetFullPath(arguments.PathOf(recipe)) };
        var training = ReplayedRuns.OffPolicy(recipe, identity.Log, context);
        var machine = StartMachine(recipe, context);
        using var run = new TrainRun(recipe, identity, machine, context, log: training);
        using var directory = CreateDirectory(recipe, identity, machine, arguments.RunDirectory, identity.Name);
        return (run.Execute(directory), null, []);
    }

    private (RunEnding Ending, ReplayComparison? Comparison, IReadOnlyList<ReplayedRollout> Shown) ReplayExactly(ReplayArguments arguments, Recipe recipe, RunContext context)
    {
        var identity = Identity(RunKind.Replay, Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(arguments.Log!))) + "-replay", recipe);
        var log = ReplayedRuns.Import(context, progress => arguments.OpenLog(recipe, progress, context.StopAfterStep));
        var machine = StartMachine(recipe, context);
        var from = ReplayedRuns.Start(arguments, recipe, context.Observer);
        var metricsPath = Path.Combine(arguments.Log!, "metrics.jsonl");
        using var metrics = new LoggedMetrics(File.Exists(metricsPath) ? metricsPath : null);
        var shown = new List<ReplayedRollout>();
        ExactTraining? training = null;
        using var run = new TrainRun(recipe, identity, machine, context, from, _ => training = new ExactTraining(
            recipe,
            from is not null && log is StoredLog stored ? stored.After(from.State.Step) : log,
            metrics,
            arguments.Selection,
            arguments.Selection.IsOfRollouts ? shown.Add : _ => { },
            from is null ? null : Path.Combine(arguments.Log!, RunDirectory.ReferenceName)));
        using var directory = CreateDirectory(recipe, identity, machine, arguments.RunDirectory, identity.Name);
        return (run.Execute(directory), training!.Comparison, shown);
    }

    private static RunIdentity Identity(RunKind kind, string name, Recipe recipe) => new() { Kind = kind, Name = name, RecipeHash = recipe.Hash };

    private static Machine StartMachine(Recipe recipe, RunContext context)
    {
        var machine = Machine.Start(recipe);
        foreach (var warning in machine.Info.Warnings)
        {
            context.Observer.Notice(warning);
        }

        return machine;
    }

    private RunDirectory CreateDirectory(Recipe recipe, RunIdentity identity, Machine machine, string? path, string? name = null)
    {
        var directory = path is null ? RunDirectory.Create(recipe.Run.Folder, name ?? recipe.Name, clock) : RunDirectory.CreateAt(path);
        directory.WriteRecipe(recipe.ToYaml());
        directory.WriteEnvironment(machine.Describe(variable));
        directory.WriteIdentity(identity);
        return directory;
    }
}
