using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>How token losses become one number; every denominator is of the whole optimizer step.</summary>
public enum LossAggregation
{
    /// <summary>Mean over all tokens (DAPO, arXiv 2503.14476).</summary>
    TokenMean,

    /// <summary>Mean over sequences of each one's token mean (GRPO, arXiv 2402.03300).</summary>
    SeqMeanTokenMean,

    /// <summary>Mean over sequences of each one's token sum.</summary>
    SeqMeanTokenSum,

    /// <summary>Mean over sequences of token sums divided by the longest response allowed (Dr. GRPO, arXiv 2503.20783).</summary>
    SeqMeanTokenSumNorm,

    /// <summary>Sum over all tokens.</summary>
    TokenSum,
}

/// <summary>Estimator of the divergence from the reference model (J. Schulman, "Approximating KL divergence", 2020).</summary>
public enum KlEstimator
{
    /// <summary>Log-ratio: unbiased, high variance.</summary>
    K1,

    /// <summary>Half its square: biased, low variance.</summary>
    K2,

    /// <summary>Ratio minus 1 minus log-ratio: unbiased and never negative.</summary>
    K3,
}

/// <summary>What the update minimises.</summary>
public abstract record LossSection
{
    /// <summary>How token losses become one number.</summary>
    public required LossAggregation Aggregation { get; init; }

    /// <summary>Weight of the divergence from the frozen starting model; 0 needs no such model.</summary>
    public required double KlCoefficient { get; init; }

    /// <summary>Estimator of that divergence.</summary>
    public required KlEstimator KlEstimator { get; init; }

    /// <summary>Weight of the entropy that is rewarded; 0 for none.</summary>
    public required double EntropyCoefficient { get; init; }

    internal static LossSection Read(SectionReader r) =>
        r.Variant<LossSection>("What the update minimises.", "vanilla", ("vanilla", ReadVanilla));

    private static VanillaLossSection ReadVanilla(SectionReader r) => new()
    {
        ClipLow = r.Number("clip_low", 0.2, AtLeastBelow(0, 1), "The importance ratio is clipped below at 1 minus this."),
        ClipHigh = r.Number("clip_high", 0.2, AtLeast(0), "The importance ratio is clipped above at 1 plus this."),
        DualClip = r.Number(
            "dual_clip", 3, ZeroOrAbove(1), "With a negative advantage the ratio counts at most this much; 0 for no such bound."),
        Aggregation = r.Choice(
            "aggregation", LossAggregation.TokenMean, "How token losses become one number.",
            ("token_mean", LossAggregation.TokenMean),
            ("seq_mean_token_mean", LossAggregation.SeqMeanTokenMean),
            ("seq_mean_token_sum", LossAggregation.SeqMeanTokenSum),
            ("seq_mean_token_sum_norm", LossAggregation.SeqMeanTokenSumNorm),
            ("token_sum", LossAggregation.TokenSum)),
        KlCoefficient = r.Number("kl_coefficient", 0, AtLeast(0), "Weight of the divergence from the frozen starting model."),
        KlEstimator = r.Choice(
            "kl_estimator", KlEstimator.K3, "Estimator of that divergence.",
            ("k1", KlEstimator.K1), ("k2", KlEstimator.K2), ("k3", KlEstimator.K3)),
        EntropyCoefficient = r.Number("entropy_coefficient", 0, AtLeast(0), "Weight of the entropy that is rewarded."),
    };
}

/// <summary>The clipped surrogate of PPO (arXiv 1707.06347), with separate bounds and a dual clip (arXiv 1912.09729).</summary>
public sealed record VanillaLossSection : LossSection
{
    /// <summary>The importance ratio is clipped below at 1 - ClipLow; in [0, 1).</summary>
    public required double ClipLow { get; init; }

    /// <summary>The importance ratio is clipped above at 1 + ClipHigh; at least 0.</summary>
    public required double ClipHigh { get; init; }

    /// <summary>With a negative advantage the ratio counts at most this much; above 1, or 0 for no such bound.</summary>
    public required double DualClip { get; init; }
}
