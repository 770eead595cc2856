using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// The clipped surrogate of PPO (arXiv 1707.06347) with separate lower and upper widths (clip-higher, DAPO,
/// arXiv 2503.14476) and dual clip (arXiv 1912.09729). With r = exp(clamp(ℓ − ℓ°, ±20)) each token gives
/// x = max(−A·r, −A·clip(r, 1 − ε_low, 1 + ε_high)), and for A &lt; 0 at most −A·c.
/// </summary>
public sealed class VanillaLoss(VanillaLossSection section) : TokenLoss
{
    /// <inheritdoc/>
    protected override Dual Loss(LossToken token, ref LossCounts counts)
    {
        var (low, high) = (1 - section.ClipLow, 1 + section.ClipHigh);
        var ratio = token.Ratio;
        counts.Observe(ratio.Value, low, high, token.Advantage);
        var unclipped = -token.Advantage * ratio;
        var clipped = -token.Advantage * Dual.Clamp(ratio, low, high);
        counts.Clipped += clipped.Value > unclipped.Value ? 1 : 0;
        return DualClip.Apply(Dual.Max(unclipped, clipped), token.Advantage, section.DualClip, ref counts);
    }
}

/// <summary>The dual clip (arXiv 1912.09729): with a negative advantage a token loses at most −A·c.</summary>
internal static class DualClip
{
    /// <param name="loss">The token's loss.</param>
    /// <param name="advantage">Its advantage A.</param>
    /// <param name="bound">c; 0 for no bound.</param>
    /// <param name="counts">Notes whether the bound was reached.</param>
    public static Dual Apply(Dual loss, double advantage, double bound, ref LossCounts counts)
    {
        if (bound == 0 || advantage >= 0)
        {
            return loss;
        }

        counts.ClippedLower += loss.Value > -advantage * bound ? 1 : 0;
        return Dual.Min(loss, -advantage * bound);
    }
}
