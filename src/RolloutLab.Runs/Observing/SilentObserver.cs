namespace RolloutLab.Runs;

/// <summary>Watches nothing: for runs nobody looks at.</summary>
public sealed class SilentObserver : IRunObserver
{
    /// <inheritdoc/>
    public void RunStarted(RunStart start)
    {
    }

    /// <inheritdoc/>
    public void PhaseProgress(string phase, long done, long total)
    {
    }

    /// <inheritdoc/>
    public void StepFinished(StepProgress step)
    {
    }

    /// <inheritdoc/>
    public void EvaluationFinished(EvaluationResult evaluation)
    {
    }

    /// <inheritdoc/>
    public void Notice(string line)
    {
    }

    /// <inheritdoc/>
    public void RunFinished(RunSummary summary)
    {
    }
}
