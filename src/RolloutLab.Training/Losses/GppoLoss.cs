using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// Gradient-preserving clipping (Klear-Reasoner, arXiv 2508.07629): the value of clip-higher, but the bounds are
/// β(1 ± ε)·r / sg r, so a clipped token keeps the gradient −A·β(1 ± ε)∇ℓ instead of none. Then the dual clip.
/// </summary>
public sealed class GppoLoss(GppoLossSection section) : TokenLoss
{
    /// <inheritdoc/>
    protected override Dual Loss(LossToken token, ref LossCounts counts)
    {
        var (low, high) = (section.BetaLow * (1 - section.ClipLow), section.BetaHigh * (1 + section.ClipHigh));
        var ratio = token.Ratio;
        counts.Observe(ratio.Value, low, high, token.Advantage);
        var lower = section.OnlyHigh ? low : Bound(ratio, low);
        var clipped = -token.Advantage * Dual.Min(Dual.Max(ratio, lower), Bound(ratio, high));
        var unclipped = -token.Advantage * ratio;
        counts.Clipped += clipped.Value > unclipped.Value ? 1 : 0;
        var loss = DualClip.Apply(Dual.Max(unclipped, clipped), token.Advantage, section.DualClip, ref counts);
        return token.Advantage > 0 ? loss - (section.PositiveNllCoefficient * token.LogProb) : loss;
    }

    /// <summary>bound · r / sg r.</summary>
    private static Dual Bound(Dual ratio, double bound) => new(bound, bound * ratio.Derivative / ratio.Value);
}
