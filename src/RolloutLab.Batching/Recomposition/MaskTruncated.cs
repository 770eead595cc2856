using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>
/// Over-turn masking (SPEAR, arXiv 2509.22601): a rollout that ran into its length limit gives no penalty. Truncated
/// rollouts of negative advantage are dropped, reason <c>truncated</c>; they still counted in their group's baseline.
/// </summary>
public sealed class MaskTruncated : IRecompositionStage
{
    /// <inheritdoc/>
    public void Apply(RecompositionStep step)
    {
        for (var i = 0; i < step.Sampled.Count; i++)
        {
            if (step.Sampled[i] is { IsTrained: true, Advantage: < 0, Rollout.FinishReason: FinishReason.Length })
            {
                step.Decide(i, RolloutFate.Dropped, "truncated");
            }
        }
    }
}
