using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>What a training loop achieved.</summary>
/// <param name="Initial">The policy before the first step.</param>
/// <param name="Final">Evaluation after the last step; null when the run was interrupted before one.</param>
/// <param name="Interrupted">Whether it ended before its last step.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Seconds">Wall time by phase, evaluation included.</param>
public sealed record LoopOutcome(PolicyScore Initial, EvaluationReport? Final, bool Interrupted, LoopState State, PhaseClock Seconds);
