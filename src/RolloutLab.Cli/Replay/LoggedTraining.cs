using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Models;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;

namespace RolloutLab.Cli;

/// <summary>What a training run takes from a log in place of the engine, and what is put around its other parts. Owns the reading of the log.</summary>
internal abstract class LoggedTraining(LogCursor cursor, long steps) : IDisposable
{
    /// <summary>Where the replay is.</summary>
    protected LogCursor Cursor => cursor;

    /// <summary>Steps of the run.</summary>
    public long Steps => steps;

    /// <summary>Size of the prompt set that the log counts in; null for that of the recipe's data.</summary>
    public virtual int? PromptSetSize => null;

    /// <summary>Folder of the frozen reference policy; null where the run has its own.</summary>
    public virtual string? ReferencePath => null;

    /// <summary>What is to be told when the run is over.</summary>
    public virtual IEnumerable<string> Remarks => [];

    /// <summary>Makes the rollouts.</summary>
    public abstract IRolloutSource Source { get; }

    /// <summary>Hands out the prompts; null for the recipe's own order of its data.</summary>
    public virtual IPromptSource? Prompts => null;

    /// <summary>Gives the verdicts; null for the recipe's verifier.</summary>
    public virtual IGrader? Grader => null;

    /// <summary>What is put around the allocator.</summary>
    public virtual IBudgetAllocator Around(IBudgetAllocator allocator) => allocator;

    /// <summary>What is put around the update.</summary>
    public virtual IPolicyUpdater Around(IPolicyUpdater updater, DecoderModel model) => updater;

    /// <summary>What is put around the record.</summary>
    public virtual IRunRecorder Around(IRunRecorder recorder) => recorder;

    /// <inheritdoc/>
    public void Dispose() => cursor.Dispose();
}

/// <summary>A run's own log through its own recipe, model and all: every metric must come out to the last bit.</summary>
/// <param name="recipe">The run's recipe.</param>
/// <param name="log">The run's store.</param>
/// <param name="metrics">The run's metrics; borrowed.</param>
/// <param name="selection">What is compared.</param>
/// <param name="show">Gets each selected rollout.</param>
/// <param name="referencePath">The run's frozen reference, where the replay does not begin at its first step; else null.</param>
internal sealed class ExactTraining(
    Recipe recipe, IRolloutLog log, LoggedMetrics metrics, ReplaySelection selection, Action<ReplayedRollout> show, string? referencePath)
    : LoggedTraining(new LogCursor(log, LogContents.Everything), ExactReplay.LastStep(recipe, log, selection))
{
    private ExactSource? _source;
    private ExactRecorder? _recorder;

    /// <summary>What was compared; null before the run.</summary>
    public ReplayComparison? Comparison => _recorder?.Comparison;

    /// <inheritdoc/>
    public override string? ReferencePath => referencePath;

    /// <inheritdoc/>
    public override IRolloutSource Source => _source ??= new ExactSource(Cursor);

    /// <inheritdoc/>
    public override IRunRecorder Around(IRunRecorder recorder) => _recorder = new ExactRecorder(recorder, Cursor, metrics, selection, show, progress: null);
}
