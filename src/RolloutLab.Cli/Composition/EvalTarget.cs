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
        if (!Directory.Exists(arguments.Target))
        {
            return (RecipeLoader.Load(arguments.Target, arguments.Overrides), null);
        }

        var folder = Policy.IsModelFolder(arguments.Target) ? arguments.Target : NewestCheckpoint(arguments.Target);
        var recipe = arguments.Recipe ?? RecipeOfRun(folder) ?? throw new DataException(
            $"{arguments.Target}: no recipe says how to evaluate it; add --recipe FILE");
        return (RecipeLoader.Load(recipe, arguments.Overrides), folder);
    }

    private static string NewestCheckpoint(string run)
    {
        var checkpoints = Path.Combine(run, "checkpoints");
        var newest = Directory.Exists(checkpoints)
            ? Directory.EnumerateDirectories(checkpoints).Where(f => !Path.HasExtension(f) && Policy.IsModelFolder(f)).Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        return newest ?? throw new CheckpointException(
            $"{run}: neither a model folder (no config.json or adapter_config.json) nor a run with a checkpoint; give a model folder, a run folder or a recipe");
    }

    private static string? RecipeOfRun(string checkpoint)
    {
        var recipe = Path.GetFullPath(Path.Combine(checkpoint, "..", "..", "recipe.yaml"));
        return File.Exists(recipe) ? recipe : null;
    }
}
