using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>The clipped surrogate of PPO (arXiv 1707.06347), with separate bounds and a dual clip (arXiv 1912.09729).</summary>
public sealed record VanillaLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "vanilla";

    /// <summary>The importance ratio is clipped below at 1 - ClipLow; in [0, 1).</summary>
    public required double ClipLow { get; init; }

    /// <summary>The importance ratio is clipped above at 1 + ClipHigh; at least 0.</summary>
    public required double ClipHigh { get; init; }

    /// <summary>With a negative advantage the ratio counts at most this much; above 1, or 0 for no such bound.</summary>
    public required double DualClip { get; init; }
}

/// <summary>Gradient-preserving clipping (Klear-Reasoner, arXiv 2508.07629).</summary>
public sealed record GppoLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "gppo";

    /// <summary>The ratio is bounded below at 1 - ClipLow; in [0, 1).</summary>
    public required double ClipLow { get; init; }

    /// <summary>The ratio is bounded above at 1 + ClipHigh; at least 0.</summary>
    public required double ClipHigh { get; init; }

    /// <summary>With a negative advantage the ratio counts at most this much; above 1, or 0 for no such bound.</summary>
    public required double DualClip { get; init; }

    /// <summary>Multiplies the lower bound.</summary>
    public required double BetaLow { get; init; }

    /// <summary>Multiplies the upper bound.</summary>
    public required double BetaHigh { get; init; }

    /// <summary>Whether the lower bound is the ordinary one, without a gradient.</summary>
    public required bool OnlyHigh { get; init; }

    /// <summary>Weight of the negative log-likelihood of tokens of positive advantage; 0 for none.</summary>
    public required double PositiveNllCoefficient { get; init; }

    internal static GppoLossSection ReadOwn(SectionReader r) => new()
    {
        ClipLow = ReadClipLow(r),
        ClipHigh = ReadClipHigh(r),
        DualClip = ReadDualClip(r),
        BetaLow = r.Number("beta_low", 1, Above(0), "Multiplies the lower bound."),
        BetaHigh = r.Number("beta_high", 1, Above(0), "Multiplies the upper bound."),
        OnlyHigh = r.Flag("only_high", false, "Keep the ordinary lower bound, without a gradient."),
        PositiveNllCoefficient = r.Number(
            "positive_nll_coefficient", 0, AtLeast(0), "Weight of the negative log-likelihood of tokens of positive advantage (0.1 as published)."),
    };
}

/// <summary>One importance ratio a sequence (GSPO, arXiv 2507.18071). The paper's bounds are 3e-4 and 4e-4.</summary>
public sealed record GspoLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "gspo";

    /// <inheritdoc/>
    public override LossAggregation DefaultAggregation => LossAggregation.SeqMeanTokenMean;

    /// <inheritdoc/>
    public override bool IsSequenceLevel => true;

    /// <summary>The sequence's ratio is clipped below at 1 - ClipLow; in [0, 1).</summary>
    public required double ClipLow { get; init; }

    /// <summary>The sequence's ratio is clipped above at 1 + ClipHigh; at least 0.</summary>
    public required double ClipHigh { get; init; }
}

/// <summary>The sequence ratio of GSPO, each sequence weighted by its length (LUSPO).</summary>
public sealed record LuspoLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "luspo";

    /// <inheritdoc/>
    public override LossAggregation DefaultAggregation => LossAggregation.SeqMeanTokenSum;

    /// <inheritdoc/>
    public override bool IsSequenceLevel => true;

    /// <summary>The sequence's ratio is clipped below at 1 - ClipLow; in [0, 1).</summary>
    public required double ClipLow { get; init; }

    /// <summary>The sequence's ratio is clipped above at 1 + ClipHigh; at least 0.</summary>
    public required double ClipHigh { get; init; }
}

/// <summary>The geometric mean of clipped token ratios (GMPO, arXiv 2507.20673).</summary>
public sealed record GmpoLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "gmpo";

    /// <inheritdoc/>
    public override LossAggregation DefaultAggregation => LossAggregation.SeqMeanTokenMean;

    /// <inheritdoc/>
    public override bool IsSequenceLevel => true;

    /// <summary>The log-ratio is clipped below at -ClipLow; at least 0.</summary>
    public required double ClipLow { get; init; }

    /// <summary>The log-ratio is clipped above at ClipHigh; at least 0.</summary>
    public required double ClipHigh { get; init; }
}

/// <summary>Detached clipped ratios as weights of the log-likelihood (CISPO, arXiv 2506.13585).</summary>
public sealed record CispoLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "cispo";

    /// <summary>The ratio is clipped below at 1 - ClipLow; in [0, 1).</summary>
    public required double ClipLow { get; init; }

    /// <summary>The ratio is clipped above at 1 + ClipHigh; at least 0.</summary>
    public required double ClipHigh { get; init; }

    /// <summary>Absolute cap of the ratio instead of the two bounds; 0 for none.</summary>
    public required double RatioCap { get; init; }
}

/// <summary>A soft gate instead of a clip (SAPO, arXiv 2511.20347).</summary>
public sealed record SapoLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "sapo";

    /// <inheritdoc/>
    public override LossAggregation DefaultAggregation => LossAggregation.SeqMeanTokenMean;

    /// <summary>Temperature where the advantage is positive; above 0.</summary>
    public required double TauPositive { get; init; }

    /// <summary>Temperature elsewhere; above 0.</summary>
    public required double TauNegative { get; init; }
}

/// <summary>A detached weight from the sequence's importance weight (VESPO).</summary>
public sealed record VespoLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "vespo";

    /// <inheritdoc/>
    public override bool IsSequenceLevel => true;

    /// <summary>Shape k where the advantage is at least 0.</summary>
    public required double ShapePositive { get; init; }

    /// <summary>Rate λ where the advantage is at least 0.</summary>
    public required double RatePositive { get; init; }

    /// <summary>Shape k where the advantage is negative.</summary>
    public required double ShapeNegative { get; init; }

    /// <summary>Rate λ where the advantage is negative.</summary>
    public required double RateNegative { get; init; }

    internal static VespoLossSection ReadOwn(SectionReader r) => new()
    {
        ShapePositive = r.Number("shape_positive", 2, AtLeast(0), "Shape k where the advantage is at least 0."),
        RatePositive = r.Number("rate_positive", 3, AtLeast(0), "Rate lambda where the advantage is at least 0."),
        ShapeNegative = r.Number("shape_negative", 3, AtLeast(0), "Shape k where the advantage is negative."),
        RateNegative = r.Number("rate_negative", 2, AtLeast(0), "Rate lambda where the advantage is negative."),
    };
}

/// <summary>Takes a few tokens of high covariance of advantage and log-probability out (Clip-Cov, arXiv 2505.22617).</summary>
public sealed record ClipCovLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "clip_cov";

    /// <summary>The ratio is clipped below at 1 - ClipLow; in [0, 1).</summary>
    public required double ClipLow { get; init; }

    /// <summary>The ratio is clipped above at 1 + ClipHigh; at least 0.</summary>
    public required double ClipHigh { get; init; }

    /// <summary>Share of the tokens taken out, at least one token.</summary>
    public required double CovRatio { get; init; }

    /// <summary>Candidates have a covariance above this.</summary>
    public required double CovLow { get; init; }

    /// <summary>Candidates have a covariance below this.</summary>
    public required double CovHigh { get; init; }
}

/// <summary>Holds the tokens of highest covariance back by a divergence (KL-Cov, arXiv 2505.22617).</summary>
public sealed record KlCovLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "kl_cov";

    /// <summary>Share of the tokens held back, at least one token.</summary>
    public required double CovRatio { get; init; }

    /// <summary>Weight of their |log-ratio|.</summary>
    public required double KlCovCoefficient { get; init; }
}

/// <summary>Trains a token while its probability has moved little (DPPO, total variation).</summary>
public sealed record DppoTvLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "dppo_tv";

    /// <summary>Largest fall of the probability where the advantage is not positive.</summary>
    public required double ClipLow { get; init; }

    /// <summary>Largest rise of the probability where the advantage is positive.</summary>
    public required double ClipHigh { get; init; }

    /// <summary>Cap of the detached ratio; above 0.</summary>
    public required double RatioCap { get; init; }
}

/// <summary>The same with the divergence of the two-outcome distribution token or not (DPPO, KL).</summary>
public sealed record DppoKlLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "dppo_kl";

    /// <summary>Largest divergence where the advantage is not positive.</summary>
    public required double ClipLow { get; init; }

    /// <summary>Largest divergence where the advantage is positive.</summary>
    public required double ClipHigh { get; init; }

    /// <summary>Cap of the detached ratio; above 0.</summary>
    public required double RatioCap { get; init; }
}

/// <summary>A symmetric trust region in probability around the rollout policy (IPO of prime-rl).</summary>
public sealed record IpoLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "ipo";

    /// <summary>Largest move of the probability that is still trained; above 0.</summary>
    public required double Threshold { get; init; }

    /// <summary>Weight of the policy term.</summary>
    public required double AdvantageTau { get; init; }

    /// <summary>Weight of the squared log-ratio.</summary>
    public required double KlTau { get; init; }
}

/// <summary>Direct reward optimisation (DRO, arXiv 2405.19107), as verl has it.</summary>
public sealed record DroLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "dro";

    /// <summary>Weight of half the squared log-ratio; above 0.</summary>
    public required double Beta { get; init; }
}

/// <summary>The log-likelihood weighted by the advantage, without a ratio (GPG, arXiv 2504.02546).</summary>
public sealed record GpgLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "gpg";
}

/// <summary>REINFORCE on the rollout policy's samples; an importance weight comes from <c>loss.correction</c>.</summary>
public sealed record ReinforceLossSection : PolicyLossSection
{
    /// <inheritdoc/>
    public override string Name => "reinforce";
}
