using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Reads what a finished run of a sweep left behind.</summary>
internal static class SweepRunReader
{
    /// <summary>The run in a folder; null when it is not there or not finished.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="variant">Its variant.</param>
    /// <param name="hash">Hash that its recipe must have.</param>
    /// <exception cref="RunException">It is of another recipe, or damaged.</exception>
    public static RunMeasures? Read(string folder, string variant, string hash)
    {
        var path = Path.Combine(folder, "summary.json");
        if (!File.Exists(path) || RunSummary.Read(path) is not { Stopped: RunEnding.Finished } summary)
        {
            return null;
        }

        return summary.RecipeHash == hash
            ? RunMeasures.Read(folder, variant, summary.Seed)
            : throw new RunException($"{folder} holds a run of another recipe; delete it, or give --run-dir another folder");
    }
}
