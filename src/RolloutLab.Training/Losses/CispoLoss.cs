using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// CISPO (MiniMax-M1, arXiv 2506.13585): the log-likelihood weighted by a detached clipped ratio,
/// x = −sg(clip(r, 1 − ε_low, 1 + ε_high))·A·ℓ, so that no token loses its gradient. With <c>ratio_cap</c> the weight is
/// sg(min(r, cap)), the form of TRL, whose <c>epsilon_high</c> is that absolute cap.
/// </summary>
public sealed class CispoLoss(CispoLossSection section) : TokenLoss
{
    /// <inheritdoc/>
    protected override Dual Loss(LossToken token, ref LossCounts counts)
    {
        var capped = section.RatioCap > 0;
        var low = capped ? 0 : 1 - section.ClipLow;
        var high = capped ? section.RatioCap : 1 + section.ClipHigh;
        var ratio = token.Ratio.Value;
        var weight = Math.Clamp(ratio, low, high);
        counts.Observe(ratio, low, high, token.Advantage);
        counts.Clipped += weight != ratio ? 1 : 0;
        return -weight * token.Advantage * token.LogProb;
    }
}
