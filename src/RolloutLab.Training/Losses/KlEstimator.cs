using RolloutLab.Recipes;
using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>Estimates of KL(policy ‖ reference) from the sampled token alone (Schulman, "Approximating KL divergence").</summary>
public static class KlEstimators
{
    private const double LogRatioBound = 20;
    private const double ValueBound = 10;

    /// <summary>
    /// Per-token estimate, <c>[M]</c>, with gradient. With d = ℓ − ℓ_ref: k1 = d; k2 = d²/2; k3 = exp(−d) + d − 1, whose
    /// exponent is clamped to ±20 and whose value to ±10, as verl does.
    /// </summary>
    public static Tensor Estimate(KlEstimator estimator, Tensor logProbs, Tensor refLogProbs)
    {
        var d = logProbs - refLogProbs;
        return estimator switch
        {
            KlEstimator.K1 => d,
            KlEstimator.K2 => d * d * 0.5,
            KlEstimator.K3 => K3(d),
            _ => throw new ArgumentOutOfRangeException(nameof(estimator), estimator, "unknown KL estimator"),
        };
    }

    private static Tensor K3(Tensor d)
    {
        var negative = (-d).clamp(-LogRatioBound, LogRatioBound);
        return (negative.exp() - negative - 1).clamp(-ValueBound, ValueBound);
    }
}
