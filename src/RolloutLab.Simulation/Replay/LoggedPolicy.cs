using RolloutLab.Core;
using RolloutLab.Orchestration;

namespace RolloutLab.Simulation;

/// <summary>The policy of a replay without a model: its version is that of the log's step, and nothing improves it.</summary>
/// <param name="cursor">Where the replay is.</param>
/// <param name="measure">Metrics of the step beside the loop's own; null for none.</param>
public sealed class LoggedPolicy(LogCursor cursor, Func<IReadOnlyList<KeyValuePair<string, double>>>? measure = null) : IPolicyImprover
{
    /// <inheritdoc/>
    public long PolicyVersion => cursor.PolicyVersion;

    /// <inheritdoc/>
    public UpdateReport Improve(IReadOnlyList<RolloutDecision> decisions, PhaseClock clock) => new(measure?.Invoke() ?? [], 0, PolicyVersion);
}
