using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;

namespace RolloutLab.Cli;

/// <summary>What <c>replay</c> was asked to do.</summary>
/// <param name="Log">The log as given; null where the recipe names it.</param>
/// <param name="RecipeFile">The recipe as given; null for the run's own.</param>
/// <param name="Overrides">Values to set.</param>
/// <param name="Train">Whether the model is trained on the log.</param>
/// <param name="Selection">What of an exact replay is compared.</param>
/// <param name="RunDirectory">The folder to write to; null for a new one.</param>
internal sealed record ReplayArguments(
    string? Log, string? RecipeFile, IReadOnlyList<string> Overrides, bool Train, ReplaySelection Selection, string? RunDirectory)
{
    /// <summary>Whether the run's own recipe is to reproduce the run.</summary>
    public bool IsExact => RecipeFile is null && Overrides.Count == 0;

    /// <summary>The arguments with a recipe that was given in the log's place put into its own.</summary>
    public ReplayArguments Sorted() => Log is not null && Path.GetExtension(Log) is ".yaml" or ".yml"
        ? RecipeFile is null
            ? this with { Log = null, RecipeFile = Log }
            : throw new DataException($"{Log} is a recipe, and --recipe names another; name the log first, such as a run's folder")
        : this;

    /// <summary>The recipe: the one given, or that of the run.</summary>
    /// <exception cref="RecipeException">It is wrong.</exception>
    /// <exception cref="DataException">There is none.</exception>
    public Recipe LoadRecipe()
    {
        if (RecipeFile is { } file)
        {
            return RecipeLoader.Load(file, Overrides);
        }

        var own = Log is null ? null : Path.Combine(Log, "recipe.yaml");
        return own is null ? throw new DataException("replay needs a log, such as a run's folder, or a recipe with replay.log; see replay --help")
            : File.Exists(own) ? RecipeLoader.Load(own, Overrides)
            : throw new DataException($"{Log}: no recipe says what to do with this log; add --recipe FILE{(Path.Exists(Log) ? "" : " (and there is no such log)")}");
    }

    /// <summary>Name of the replay: after the recipe given, or after the run's own, whose file in every run's folder is <c>recipe.yaml</c>.</summary>
    /// <exception cref="RunException">The run's <c>run.json</c> is damaged.</exception>
    public string NameOf(Recipe recipe) => RecipeFile is null && Log is { } run && RunIdentity.Read(run) is { } identity ? identity.Name : recipe.Name;

    /// <summary>Opens the log.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="progress">Told how much of a foreign log is read; may be null.</param>
    /// <param name="stop">Ends the reading.</param>
    public IRolloutLog OpenLog(Recipe recipe, IProgress<ReadProgress>? progress, CancellationToken stop)
    {
        return Open(PathOf(recipe), recipe.Replay ?? new LogReplaySection(), progress, stop);
    }

    /// <summary>The log's path: the one given, or the recipe's.</summary>
    /// <exception cref="DataException">Neither names one.</exception>
    public string PathOf(Recipe recipe) => Log ?? recipe.Replay?.Log
        ?? throw new DataException($"{recipe.Source}: names no log; give one, as in replay LOG --recipe {recipe.Source}, or set replay.log");

    /// <summary>Opens a log.</summary>
    /// <param name="path">Its file or folder.</param>
    /// <param name="section">Its format.</param>
    /// <param name="progress">Told how much of a foreign log is read; may be null.</param>
    /// <param name="stop">Ends the reading.</param>
    public static IRolloutLog Open(string path, LogReplaySection section, IProgress<ReadProgress>? progress, CancellationToken stop) =>
        section.Format == LogFormatChoice.Store || (section.Format == LogFormatChoice.Auto && StoredLog.IsStore(path))
            ? new StoredLog(path)
            : ForeignLog.Open(path, section, progress, stop);
}
