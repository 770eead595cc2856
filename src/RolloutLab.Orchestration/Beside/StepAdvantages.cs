using RolloutLab.Batching;
using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>Advantages of a step, from its rewards and from what the estimator needs beside them.</summary>
/// <param name="advantages">Estimator and sharpening.</param>
/// <param name="greedy">Samples greedy answers for a baseline; null for none.</param>
/// <param name="evidence">Scores the rollouts with models; null for none.</param>
public sealed class StepAdvantages(SharpenedAdvantages advantages, GreedyBaselines? greedy = null, IAdvantageEvidence? evidence = null)
{
    /// <summary>Advantages of each group, and what finding them took.</summary>
    public (IReadOnlyList<GroupAdvantages> Advantages, SideWork Work) Of(
        long step, IReadOnlyList<GradedGroup> groups, SamplingParameters sampling, PhaseClock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var work = SideWork.None;
        IReadOnlyList<double>? baselines = null;
        if (greedy is not null)
        {
            (baselines, work) = greedy.Of(step, groups, sampling, clock);
        }

        IReadOnlyList<GroupEvidence>? known = null;
        if (evidence is not null)
        {
            (known, var metrics) = clock.Time(Phase.Advantage, () => evidence.Of(groups));
            work += SideWork.None with { Metrics = metrics };
        }

        if (baselines is not null)
        {
            known = [.. baselines.Select((b, i) => (known?[i] ?? new GroupEvidence()) with { Baseline = b })];
        }

        return (clock.Time(Phase.Advantage, () => advantages.Of(groups, known)), work);
    }
}
