using System.Globalization;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary>Finds the recipe and the model folder that <c>eval</c> means.</summary>
internal static class EvalTarget
{
    /// <summary>
    /// A recipe file evaluates its own model. A run folder evaluates its newest checkpoint under its own recipe. A model
    /// folder needs <c>--recipe</c>, or lies in the checkpoints of a run whose recipe then applies.
    /// </summary>
    /// <returns>The recipe, and the model folder to use instead of the recipe's own model; null for that.</returns>
    public static (Recipe Recipe, string? Folder) Resolve(EvalArguments arguments)
    {
        if (arguments.Dataset is { } dataset)
        {
            return arguments.Recipe is not null
                ? throw new DataException("--recipe and --dataset each name the prompts; give one of them")
                : (DatasetRecipe.Of(dataset, ModelFolderOf(arguments.Target, step: null), arguments.Overrides), ModelFolderOf(arguments.Target, step: null));
        }

        if (!Directory.Exists(arguments.Target))
        {
            return (RecipeLoader.Load(arguments.Target, arguments.Overrides), null);
        }

        var folder = ModelFolderOf(arguments.Target, step: null);
        var recipe = arguments.Recipe ?? RecipeOfRun(folder) ?? throw new DataException(
            $"{arguments.Target}: no recipe says how to evaluate it; add --recipe FILE, or --dataset FILE to go without");
        return (RecipeLoader.Load(recipe, arguments.Overrides), folder);
    }

    /// <summary>The model folder that a path means: itself, or a checkpoint of a run.</summary>
    /// <param name="path">A model, adapter or run folder.</param>
    /// <param name="step">The step of the checkpoint; null for the newest.</param>
    /// <exception cref="CheckpointException">There is none.</exception>
    public static string ModelFolderOf(string path, long? step)
    {
        if (Policy.IsModelFolder(path))
        {
            return step is null ? path : throw new CheckpointException($"{path}: is a model folder and has no steps; give the run's folder, or leave --step out");
        }

        var checkpoints = Path.Combine(path, "checkpoints");
        List<string> all = Directory.Exists(checkpoints)
            ? [.. Directory.EnumerateDirectories(checkpoints).Where(f => !Path.HasExtension(f) && Policy.IsModelFolder(f)).Order(StringComparer.Ordinal)]
            : [];
        if (step is not { } wanted || all.Count == 0)
        {
            return Newest(path, all);
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"step-{wanted:D6}");
        return all.FirstOrDefault(f => Path.GetFileName(f) == name) ?? throw new CheckpointException(
            $"{path}: has no checkpoint of step {wanted}; it has {string.Join(", ", all.Select(f => Path.GetFileName(f)["step-".Length..].TrimStart('0').PadLeft(1, '0')))}");
    }

    /// <summary>The recipe of the run that a checkpoint belongs to; null where it belongs to none.</summary>
    public static string? RecipeOfRun(string checkpoint)
    {
        var recipe = Path.GetFullPath(Path.Combine(checkpoint, "..", "..", "recipe.yaml"));
        return File.Exists(recipe) ? recipe : null;
    }

    private static string Newest(string run, List<string> checkpoints) =>
        checkpoints.LastOrDefault() ?? throw new CheckpointException(
            $"{run}: neither a model folder (no config.json or adapter_config.json) nor a run with a checkpoint; give a model folder, a run folder or a recipe");
}
