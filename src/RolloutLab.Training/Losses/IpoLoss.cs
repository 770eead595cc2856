using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// The symmetric trust region of prime-rl, against the rollout policy μ: x = −[|e^ℓ − e^μ| ≤ δ]·τ_A·A·e^(ℓ−μ) +
/// τ_kl·(ℓ − μ)²; tokens outside keep the second term. The exponent is clamped to ±20.
/// </summary>
public sealed class IpoLoss(IpoLossSection section) : TokenLoss
{
    /// <inheritdoc/>
    protected override Dual Loss(LossToken token, ref LossCounts counts)
    {
        var logRatio = token.LogProb - token.RolloutLogProb;
        var ratio = Dual.Exp(Dual.Clamp(logRatio, -LossToken.LogRatioBound, LossToken.LogRatioBound));
        var keep = Math.Abs(Math.Exp(token.LogProb.Value) - Math.Exp(token.RolloutLogProb)) <= section.Threshold;
        counts.Ratio += ratio.Value;
        counts.Clipped += keep ? 0 : 1;
        var pull = section.KlTau * logRatio * logRatio;
        return keep ? pull - (section.AdvantageTau * token.Advantage * ratio) : pull;
    }
}
