using RolloutLab.Data;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>What a replay with the model begins with.</summary>
internal static class ReplayedRuns
{
    /// <summary>Opens a log to train on.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="path">The log.</param>
    /// <param name="context">Told what is left out of the log; its stop request ends the reading.</param>
    /// <returns>Makes the training when there is a policy.</returns>
    public static Func<RunSession, LoggedTraining> OffPolicy(Recipe recipe, string path, RunContext context)
    {
        var log = Import(context, progress => ReplayArguments.Open(path, recipe.Replay ?? new LogReplaySection(), progress, context.StopAfterStep));
        return session =>
        {
            using var tokenizing = context.Work("prompts");
            return new OffPolicyTraining(
                recipe, new TokenizedLog(log, session.Policy.Tokenizer, session.Policy.Model.MaxPositions, tokenizing, context.StopAfterStep), session.Random);
        };
    }

    /// <summary>Opens a log, with its progress shown.</summary>
    public static IRolloutLog Import(RunContext context, Func<IProgress<ReadProgress>, IRolloutLog> open)
    {
        using var reading = new ReadingProgress(context.Work("MiB"));
        return open(reading);
    }

    /// <summary>
    /// The checkpoint that an exact replay of one step goes on from: the newest one before it that the run kept. Null where the
    /// replay begins at the first step.
    /// </summary>
    public static SavedCheckpoint? Start(ReplayArguments arguments, Recipe recipe, IRunObserver observer)
    {
        if (arguments.Selection.Step is not { } step)
        {
            return null;
        }

        var checkpoint = recipe.Loss.Kl.Coefficient != 0 && !Directory.Exists(Path.Combine(arguments.Log!, RunDirectory.ReferenceName))
            ? null
            : SavedCheckpoint.FindBefore(Path.Combine(arguments.Log!, RunDirectory.CheckpointsName), step, observer.Notice);
        observer.Notice(checkpoint is null
            ? $"no checkpoint before step {step} is kept; replaying from step 1"
            : $"replaying from the checkpoint of step {checkpoint.State.Step}");
        return checkpoint;
    }
}
