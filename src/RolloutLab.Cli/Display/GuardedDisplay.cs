using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>
/// Lets the run's thread and signal handlers share a display, and falls silent when its output goes away (a closed
/// terminal, a full disk under a redirection): a run must not die of not being watched.
/// </summary>
internal sealed class GuardedDisplay(IRunDisplay display) : IRunDisplay
{
    private readonly Lock _lock = new();
    private bool _lost;

    /// <inheritdoc/>
    public void RunStarted(RunStart start) => Show(() => display.RunStarted(start));

    /// <inheritdoc/>
    public void PhaseProgress(string phase, long done, long total) => Show(() => display.PhaseProgress(phase, done, total));

    /// <inheritdoc/>
    public void StepFinished(StepProgress step) => Show(() => display.StepFinished(step));

    /// <inheritdoc/>
    public void EvaluationFinished(EvaluationResult evaluation) => Show(() => display.EvaluationFinished(evaluation));

    /// <inheritdoc/>
    public void Notice(string line) => Show(() => display.Notice(line));

    /// <inheritdoc/>
    public void RunFinished(RunSummary summary) => Show(() => display.RunFinished(summary));

    /// <inheritdoc/>
    public void Dispose() => Show(display.Dispose);

    private void Show(Action show)
    {
        lock (_lock)
        {
            if (_lost)
            {
                return;
            }

            try
            {
                show();
            }
            catch (IOException)
            {
                _lost = true;
            }
        }
    }
}
