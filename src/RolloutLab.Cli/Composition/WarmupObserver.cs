using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Shows the steps of a supervised warm-up as progress towards the run's first step, not as steps of the run.</summary>
internal sealed class WarmupObserver(IRunObserver observer, long steps) : IRunObserver
{
    /// <inheritdoc/>
    public void RunStarted(RunStart start) => observer.RunStarted(start);

    /// <inheritdoc/>
    public void PhaseProgress(string phase, long done, long total) => observer.PhaseProgress(phase, done, total);

    /// <inheritdoc/>
    public void StepFinished(StepProgress step) => observer.PhaseProgress("warm-up", step.Step, steps);

    /// <inheritdoc/>
    public void EvaluationFinished(EvaluationResult evaluation) => observer.EvaluationFinished(evaluation);

    /// <inheritdoc/>
    public void Notice(string line) => observer.Notice(line);

    /// <inheritdoc/>
    public void RunFinished(RunSummary summary) => observer.RunFinished(summary);
}
