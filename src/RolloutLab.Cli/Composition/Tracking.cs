using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Where a run's metrics go: <c>metrics.jsonl</c> always, and what the recipe's <c>tracking</c> names.</summary>
internal static class Tracking
{
    /// <summary>The metrics of training, or of supervised fine-tuning alone.</summary>
    public static TrackedMetrics Open(RunDirectory directory, Recipe recipe) => Open(directory.MetricsPath, EventsOf(directory, TensorBoardLog.TrainingName), recipe);

    /// <summary>The metrics of the supervised warm-up before training.</summary>
    public static TrackedMetrics OpenWarmup(RunDirectory directory, Recipe recipe) => Open(directory.WarmupMetricsPath, EventsOf(directory, TensorBoardLog.WarmupName), recipe);

    /// <summary>Takes all that <see cref="Open(RunDirectory, Recipe)"/> writes back to a step, and the warm-up's to nothing when training begins anew.</summary>
    /// <param name="directory">The run's folder.</param>
    /// <param name="step">The last step to keep; null when training begins anew.</param>
    public static void KeepThrough(RunDirectory directory, long? step)
    {
        if (step is null)
        {
            StepLog.KeepThrough(directory.WarmupMetricsPath, -1);
            TensorBoardLog.KeepThrough(EventsOf(directory, TensorBoardLog.WarmupName), -1);
        }

        StepLog.KeepThrough(directory.MetricsPath, step ?? -1);
        TensorBoardLog.KeepThrough(EventsOf(directory, TensorBoardLog.TrainingName), step ?? -1);
    }

    private static TrackedMetrics Open(string metrics, string events, Recipe recipe)
    {
        var log = new MetricsLog(metrics);
        try
        {
            return recipe.Tracking.Contains(TrackingChoice.TensorBoard) ? new TrackedMetrics(log, new TensorBoardLog(events, TimeProvider.System)) : new TrackedMetrics(log);
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    private static string EventsOf(RunDirectory directory, string name) => Path.Combine(directory.Path, name);
}
