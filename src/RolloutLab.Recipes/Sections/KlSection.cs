using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>
/// Estimator of the divergence from the reference model (J. Schulman, "Approximating KL divergence", 2020). The plus forms
/// have the value of their estimator and the gradient of k2, the unbiased one.
/// </summary>
public enum KlEstimator
{
    /// <summary>Log-ratio: unbiased, high variance.</summary>
    K1,

    /// <summary>Absolute log-ratio.</summary>
    Abs,

    /// <summary>Half the square of the log-ratio: biased, low variance.</summary>
    K2,

    /// <summary>Ratio minus 1 minus log-ratio: unbiased and never negative.</summary>
    K3,

    /// <summary>Value of k1, gradient of k2.</summary>
    K1Plus,

    /// <summary>Value of the absolute log-ratio, gradient of k2.</summary>
    AbsPlus,

    /// <summary>The same as k2.</summary>
    K2Plus,

    /// <summary>Value of k3, gradient of k2.</summary>
    K3Plus,
}

/// <summary>Where the divergence acts.</summary>
public enum KlPlacement
{
    /// <summary>A term of the loss.</summary>
    Loss,

    /// <summary>Taken from the reward, before advantages.</summary>
    Reward,
}

/// <summary>The divergence from the frozen starting model. Its keys are keys of the loss.</summary>
/// <param name="Coefficient">Its weight; 0 needs no such model.</param>
/// <param name="Estimator">Estimator.</param>
/// <param name="Placement">Where it acts.</param>
/// <param name="Unbiased">Whether each token's estimate is multiplied by the importance ratio (DeepSeek-V3.2).</param>
public sealed record KlSection(double Coefficient, KlEstimator Estimator, KlPlacement Placement, bool Unbiased)
{
    /// <summary>No divergence.</summary>
    public static KlSection Off { get; } = new(0, KlEstimator.K3, KlPlacement.Loss, Unbiased: false);

    internal static KlSection Read(SectionReader r) => new(
        r.Number("kl_coefficient", 0, AtLeast(0), "Weight of the divergence from the frozen starting model."),
        r.Choice(
            "kl_estimator", KlEstimator.K3, "Estimator of that divergence; the + forms have the gradient of k2.",
            ("k1", KlEstimator.K1), ("abs", KlEstimator.Abs), ("k2", KlEstimator.K2), ("k3", KlEstimator.K3),
            ("k1+", KlEstimator.K1Plus), ("abs+", KlEstimator.AbsPlus), ("k2+", KlEstimator.K2Plus), ("k3+", KlEstimator.K3Plus)),
        r.Choice(
            "kl_placement", KlPlacement.Loss, "Where it acts: as a term of the loss, or taken from the reward before advantages.",
            ("loss", KlPlacement.Loss), ("reward", KlPlacement.Reward)),
        r.Flag("kl_unbiased", false, "Multiply each token's estimate by its importance ratio (only in the loss)."));
}
