using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>Estimates of KL(policy ‖ reference) from the sampled token alone (J. Schulman, "Approximating KL divergence").</summary>
public static class KlEstimators
{
    private const double LogRatioBound = 20;
    private const double ValueBound = 10;

    /// <summary>
    /// One token's estimate from d = ℓ − ρ: k1 = d; abs = |d|; k2 = d²/2; k3 = exp(−d) + d − 1, its exponent clamped to ±20
    /// and its value to ±10, as verl does. The plus forms have the value of their estimator and the gradient of k2.
    /// </summary>
    public static Dual Estimate(KlEstimator estimator, Dual d) => estimator switch
    {
        KlEstimator.K1 => d,
        KlEstimator.Abs => Dual.Abs(d),
        KlEstimator.K2 or KlEstimator.K2Plus => K2(d),
        KlEstimator.K3 => K3(d),
        KlEstimator.K1Plus => WithGradientOfK2(d, d),
        KlEstimator.AbsPlus => WithGradientOfK2(Dual.Abs(d), d),
        KlEstimator.K3Plus => WithGradientOfK2(K3(d), d),
        _ => throw new ArgumentOutOfRangeException(nameof(estimator), estimator, "unknown KL estimator"),
    };

    private static Dual K2(Dual d) => 0.5 * d * d;

    private static Dual K3(Dual d)
    {
        var negative = Dual.Clamp(-d, -LogRatioBound, LogRatioBound);
        return Dual.Clamp(Dual.Exp(negative) - negative - 1, -ValueBound, ValueBound);
    }

    private static Dual WithGradientOfK2(Dual value, Dual d) => new(value.Value, K2(d).Derivative);
}
