namespace RolloutLab.Training;

/// <summary>
/// The log-likelihood weighted by the advantage, x = −A·ℓ: GPG (arXiv 2504.02546) as it stands, and REINFORCE, whose
/// importance weight is the correction of <c>loss.correction</c> against the current policy.
/// </summary>
public sealed class LikelihoodLoss : TokenLoss
{
    /// <inheritdoc/>
    protected override Dual Loss(LossToken token, ref LossCounts counts)
    {
        counts.Ratio += token.Ratio.Value;
        return -token.Advantage * token.LogProb;
    }
}
