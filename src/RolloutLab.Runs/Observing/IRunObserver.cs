namespace RolloutLab.Runs;

/// <summary>
/// What a run tells whoever watches it. Called from the run's own thread, in order: <see cref="RunStarted"/> once, then
/// any of the others, <see cref="RunFinished"/> last when the run came to its end. Implementations return quickly and
/// never change what the run does.
/// </summary>
public interface IRunObserver
{
    /// <summary>The run is set up and begins.</summary>
    void RunStarted(RunStart start);

    /// <summary>Work inside a step or an evaluation moved on; may be called often.</summary>
    /// <param name="phase">What is being done, as one word or two: <c>rollout</c>, <c>update</c>, <c>evaluation</c>.</param>
    /// <param name="done">Items done, from 0.</param>
    /// <param name="total">Items in all, at least 1.</param>
    void PhaseProgress(string phase, long done, long total);

    /// <summary>A step is done.</summary>
    void StepFinished(StepProgress step);

    /// <summary>An evaluation is done.</summary>
    void EvaluationFinished(EvaluationResult evaluation);

    /// <summary>Something the user should read, in one line.</summary>
    void Notice(string line);

    /// <summary>The run ended with everything written.</summary>
    /// <param name="summary">What it came to.</param>
    void RunFinished(RunSummary summary);
}
