using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// SAPO (arXiv 2511.20347): a soft gate where others clip, x = −A·(4/τ)·σ(τ(r − 1)), with τ of its own where A is
/// positive. At r = 1 its gradient is that of REINFORCE.
/// </summary>
public sealed class SapoLoss(SapoLossSection section) : TokenLoss
{
    /// <inheritdoc/>
    protected override Dual Loss(LossToken token, ref LossCounts counts)
    {
        var tau = token.Advantage > 0 ? section.TauPositive : section.TauNegative;
        var ratio = token.Ratio;
        counts.Ratio += ratio.Value;
        return -token.Advantage * (4 / tau) * Dual.Sigmoid(tau * (ratio - 1));
    }
}
