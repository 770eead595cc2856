using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Over-turn masking (SPEAR, arXiv 2509.22601): a rollout that ran into its length limit gives no penalty. Truncated
/// rollouts of negative advantage, or all truncated ones, are dropped, reason <c>truncated</c>; they still counted in their
/// group's baseline.
/// </summary>
public sealed class MaskTruncated(TruncatedMask mask) : IRecompositionStage
{
    /// <inheritdoc/>
    public void Apply(RecompositionStep step)
    {
        for (var i = 0; i < step.Sampled.Count; i++)
        {
            if (step.Sampled[i] is { IsTrained: true, Rollout.FinishReason: FinishReason.Length } truncated
                && (mask == TruncatedMask.All || truncated.Advantage < 0))
            {
                step.Decide(i, RolloutFate.Dropped, "truncated");
            }
        }
    }
}
