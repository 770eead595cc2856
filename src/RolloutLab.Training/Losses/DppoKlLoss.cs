using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// DPPO with the divergence of the two-outcome distribution "this token or another":
/// b = p°(ℓ° − ℓ) + (1 − p°)·log((1 − p° + 1e-8) / (1 − p + 1e-8)). A token is trained while b ≤ δ_high or p ≤ p° for
/// A &gt; 0, and while b ≤ δ_low or p ≥ p° otherwise; its loss is that of <see cref="DppoTvLoss"/>.
/// </summary>
public sealed class DppoKlLoss(DppoKlLossSection section) : TokenLoss
{
    private const double Epsilon = 1e-8;

    /// <inheritdoc/>
    protected override Dual Loss(LossToken token, ref LossCounts counts)
    {
        var (p, old) = (Math.Exp(token.LogProb.Value), Math.Exp(token.OldLogProb));
        var divergence = (old * (token.OldLogProb - token.LogProb.Value)) + ((1 - old) * Math.Log((1 - old + Epsilon) / (1 - p + Epsilon)));
        var keep = token.Advantage > 0 ? divergence <= section.ClipHigh || p <= old : divergence <= section.ClipLow || p >= old;
        return TrustRegion.Loss(token, keep, section.RatioCap, ref counts);
    }
}
