using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>Everything one training step did, before it becomes a metrics row.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="Groups">Graded groups.</param>
/// <param name="Decisions">What recomposition decided, in the order of the groups.</param>
/// <param name="Statistics">Cost of the rollouts, summed over rounds.</param>
/// <param name="Planning">How the budget was planned.</param>
/// <param name="Update">What the update did.</param>
/// <param name="Seconds">Wall time of the step by phase.</param>
public sealed record StepReport(
    long Step,
    IReadOnlyList<GradedGroup> Groups,
    IReadOnlyList<RolloutDecision> Decisions,
    RolloutStatistics Statistics,
    PlanningReport Planning,
    UpdateReport Update,
    PhaseClock Seconds)
{
    /// <summary>What was done beside the step's budget.</summary>
    public SideWork Beside { get; init; } = SideWork.None;

    /// <summary>Rollouts of earlier steps that were trained in this one, and those made beside its budget, trained or not.</summary>
    public IReadOnlyList<RolloutDecision> Replayed { get; init; } = [];

    /// <summary>The prompts the step asked for, in order; some may have got no rollouts.</summary>
    public IReadOnlyList<Prompt> Prompts { get; init; } = [];

    /// <summary>Prompts of the whole set.</summary>
    public int PromptSetSize { get; init; }

    /// <summary>Rounds of sampling prompts; above 1 where groups without a gradient were replaced.</summary>
    public int SamplingRounds { get; init; } = 1;

    /// <summary>Mean reward over the rollouts that have one; 0 when none has.</summary>
    public double MeanReward => Tally.Rewards.Mean;

    /// <summary>Share of rollouts that solve their prompt.</summary>
    public double PassRate => (double)Tally.Of(VerdictStatus.Correct) / Math.Max(1, Decisions.Count);

    /// <summary>Mean response length in tokens.</summary>
    public double MeanLength => Tally.Lengths.Mean;

    /// <summary>How often each reason was given to the step's own rollouts, in the order of fate and reason.</summary>
    public IEnumerable<(RolloutFate Fate, string Reason, int Count)> Reasons => Tally.ReasonsWith([]);

    /// <summary>What the metrics count over the decisions.</summary>
    internal RolloutTally Tally { get; } = new(Decisions);
}
