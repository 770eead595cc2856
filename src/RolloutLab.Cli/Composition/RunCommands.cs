using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Runs;
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
        using var run = new TrainRun(recipe, identity, machine, context);
        using var directory = CreateDirectory(recipe, identity, machine, arguments.RunDirectory);
        return run.Execute(directory);
    }

    /// <inheritdoc/>
    public RunEnding Resume(string runFolder, RunContext context)
    {
        using var directory = RunDirectory.Open(runFolder);
        RunChecksums.Verify(directory.Path);
        var identity = directory.ReadIdentity();
        if (identity.Kind != RunKind.Train)
        {
            throw new RunException($"{directory.Path} is not a training run, and only those have checkpoints to go on from; run its command again");
        }

        var recipe = RecipeLoader.Load(directory.RecipePath, []);
        var checkpoint = SavedCheckpoint.FindNewest(directory.CheckpointsPath, context.Observer.Notice);
        context.Observer.Notice(checkpoint is null
            ? "there is no checkpoint yet; starting over"
            : $"going on after step {checkpoint.State.Step} of {recipe.Training.Steps}");
        var machine = StartMachine(recipe, context);
        using var run = new TrainRun(recipe, identity, machine, context, checkpoint);
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

    private RunDirectory CreateDirectory(Recipe recipe, RunIdentity identity, Machine machine, string? path)
    {
        var directory = path is null ? RunDirectory.Create(recipe.Run.Folder, recipe.Name, clock) : RunDirectory.CreateAt(path);
        directory.WriteRecipe(recipe.ToYaml());
        directory.WriteEnvironment(machine.Describe(variable));
        directory.WriteIdentity(identity);
        return directory;
    }
}
