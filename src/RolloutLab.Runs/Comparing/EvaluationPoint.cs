namespace RolloutLab.Runs;

/// <summary>One evaluation of a run with what had been spent until then.</summary>
/// <param name="Step">Training steps before it.</param>
/// <param name="Rollouts">Training rollouts before it.</param>
/// <param name="Tokens">Training tokens generated before it.</param>
/// <param name="PassAt1">pass@1, in [0, 1].</param>
public readonly record struct EvaluationPoint(double Step, double Rollouts, double Tokens, double PassAt1);
