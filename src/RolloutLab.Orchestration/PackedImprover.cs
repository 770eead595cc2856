using RolloutLab.Batching;
using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>Packs decisions into optimizer batches and trains on them.</summary>
public sealed class PackedImprover(OptimizerBatchBuilder batches, IPolicyUpdater updater) : IPolicyImprover
{
    /// <inheritdoc/>
    public long PolicyVersion => updater.PolicyVersion;

    /// <inheritdoc/>
    public UpdateReport Improve(IReadOnlyList<RolloutDecision> decisions, PhaseClock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var packed = clock.Time(Phase.Advantage, () => batches.Build(decisions));
        return clock.Time(Phase.Update, () => updater.Update(packed));
    }
}
