using RolloutLab.Recipes;
using RolloutLab.Runs;

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
        var machine = StartMachine(recipe, context);
        using var run = new TrainRun(recipe, machine, context);
        using var directory = OpenDirectory(recipe, machine, arguments.RunDirectory);
        return run.Execute(directory);
    }

    /// <inheritdoc/>
    public RunEnding Sft(RunArguments arguments, RunContext context)
    {
        var recipe = RecipeLoader.Load(arguments.Recipe, arguments.Overrides);
        var machine = StartMachine(recipe, context);
        using var run = new SftRun(recipe, machine, context);
        using var directory = OpenDirectory(recipe, machine, arguments.RunDirectory);
        return run.Execute(directory);
    }

    /// <inheritdoc/>
    public RunEnding Eval(EvalArguments arguments, RunContext context)
    {
        var (recipe, folder) = EvalTarget.Resolve(arguments);
        var machine = StartMachine(recipe, context);
        using var run = new EvalRun(recipe, folder, machine, context);
        using var directory = arguments.RunDirectory is { } path ? OpenDirectory(recipe, machine, path) : null;
        return run.Execute(directory);
    }

    private static Machine StartMachine(Recipe recipe, RunContext context)
    {
        var machine = Machine.Start(recipe);
        foreach (var warning in machine.Info.Warnings)
        {
            context.Observer.Notice(warning);
        }

        return machine;
    }

    private RunDirectory OpenDirectory(Recipe recipe, Machine machine, string? path)
    {
        var directory = path is null ? RunDirectory.Create(recipe.Run.Folder, recipe.Name, clock) : RunDirectory.CreateAt(path);
        directory.WriteRecipe(recipe.ToYaml());
        directory.WriteEnvironment(machine.Describe(variable));
        return directory;
    }
}
