using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>DRO (arXiv 2405.19107) as verl has it: x = −(A·ℓ − (β/2)(ℓ − ℓ°)²).</summary>
public sealed class DroLoss(DroLossSection section) : TokenLoss
{
    /// <inheritdoc/>
    protected override Dual Loss(LossToken token, ref LossCounts counts)
    {
        counts.Ratio += token.Ratio.Value;
        return (section.Beta / 2 * token.LogRatio * token.LogRatio) - (token.Advantage * token.LogProb);
    }
}
