using RolloutLab.Runs;

namespace RolloutLab.Orchestration;

/// <summary>Passes progress on to an observer.</summary>
public sealed class PhaseProgress(IRunObserver observer, string phase, long total) : IProgress<int>
{
    // Not System.Progress: it posts to the thread pool, and observers are promised calls in order from the run's thread.
    /// <inheritdoc/>
    public void Report(int value) => observer.PhaseProgress(phase, value, total);
}
