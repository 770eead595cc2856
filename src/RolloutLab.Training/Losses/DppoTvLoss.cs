using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// DPPO with the total variation: a token is trained while its probability has moved little,
/// x = −A·sg(min(r, c))·ℓ·M with M = [p − p° ≤ δ_high] for A &gt; 0 and [p − p° ≥ −δ_low] otherwise.
/// </summary>
public sealed class DppoTvLoss(DppoTvLossSection section) : TokenLoss
{
    /// <inheritdoc/>
    protected override Dual Loss(LossToken token, ref LossCounts counts)
    {
        var moved = Math.Exp(token.LogProb.Value) - Math.Exp(token.OldLogProb);
        var keep = token.Advantage > 0 ? moved <= section.ClipHigh : moved >= -section.ClipLow;
        return TrustRegion.Loss(token, keep, section.RatioCap, ref counts);
    }
}

/// <summary>What the DPPO losses share.</summary>
internal static class TrustRegion
{
    /// <summary>−A·sg(min(r, cap))·ℓ inside the region; nothing outside.</summary>
    public static Dual Loss(LossToken token, bool keep, double cap, ref LossCounts counts)
    {
        var ratio = token.Ratio.Value;
        counts.Ratio += ratio;
        counts.Clipped += keep ? 0 : 1;
        return keep ? -token.Advantage * Math.Min(ratio, cap) * token.LogProb : 0;
    }
}
