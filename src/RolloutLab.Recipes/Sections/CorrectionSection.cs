using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>What an importance weight between engine and trainer is a ratio of.</summary>
public enum CorrectionLevel
{
    /// <summary>No weight: only the rejection and the metrics.</summary>
    None,

    /// <summary>Each token.</summary>
    Token,

    /// <summary>The whole sequence: the product over its tokens.</summary>
    Sequence,

    /// <summary>The geometric mean over the sequence's tokens.</summary>
    Geometric,
}

/// <summary>What happens to importance weights out of bounds.</summary>
public enum CorrectionBound
{
    /// <summary>They become the bound (truncated importance sampling).</summary>
    Truncate,

    /// <summary>They become 0 (masked importance sampling, IcePop).</summary>
    Mask,
}

/// <summary>Which statistic of a sequence or token a rejection looks at.</summary>
public enum RejectionLevel
{
    /// <summary>Each token by itself.</summary>
    Token,

    /// <summary>The sum over the sequence.</summary>
    SeqSum,

    /// <summary>The mean over the sequence.</summary>
    SeqMean,

    /// <summary>The largest of the sequence.</summary>
    SeqMax,
}

/// <summary>
/// Truncated or masked importance sampling for the difference between the engine that sampled and the trainer that
/// updates: weight w = exp(ℓ_train − μ), detached; ℓ_train is the old log-probability, for <c>reinforce</c> the current one.
/// </summary>
public sealed record CorrectionSection
{
    /// <summary>What the weight is a ratio of.</summary>
    public CorrectionLevel Level { get; init; } = CorrectionLevel.Token;

    /// <summary>What happens out of bounds.</summary>
    public CorrectionBound Bound { get; init; }

    /// <summary>Lower bound of the weight; 0 for none.</summary>
    public double Min { get; init; }

    /// <summary>Upper bound of the weight; above 0.</summary>
    public double Max { get; init; } = 2;

    /// <summary>Whether weights are divided by their mean over the optimizer step.</summary>
    public bool Normalize { get; init; }

    /// <summary>Which tokens or sequences leave the loss and its denominators; null for none.</summary>
    public RejectionSection? Reject { get; init; }

    internal static CorrectionSection Read(SectionReader r)
    {
        var section = new CorrectionSection
        {
            Level = r.Choice(
                "level", CorrectionLevel.Token, "What the importance weight is a ratio of; geometric is the mean of the sequence in log space.",
                ("none", CorrectionLevel.None), ("token", CorrectionLevel.Token),
                ("sequence", CorrectionLevel.Sequence), ("geometric", CorrectionLevel.Geometric)),
            Bound = r.Choice(
                "bound", CorrectionBound.Truncate, "What happens to weights out of bounds: they become the bound, or 0.",
                ("truncate", CorrectionBound.Truncate), ("mask", CorrectionBound.Mask)),
            Min = r.Number("min", 0, AtLeast(0), "Lower bound of the weight."),
            Max = r.Number("max", 2, Above(0), "Upper bound of the weight."),
            Normalize = r.Flag("normalize", false, "Divide the weights by their mean over the optimizer step."),
            Reject = r.OptionalSection("reject", "Which tokens or sequences leave the loss and its denominators.", RejectionSection.Read),
        };
        r.Check(() => section.Min <= section.Max, "min", () => $"must be at most max ({section.Max})");
        return section;
    }
}

/// <summary>
/// Leaves tokens or sequences out of the loss and its denominators. With D = ℓ_train − μ the statistic is −D (k1), D²/2 (k2)
/// or e^D − 1 − D (k3). k1 is kept within [ln low, ln high] (so the bounds are those of 1/ratio, as in verl); k2 and k3
/// up to high.
/// </summary>
public sealed record RejectionSection
{
    /// <summary>The statistic: k1, k2 or k3.</summary>
    public required KlEstimator Estimator { get; init; }

    /// <summary>What it is taken over.</summary>
    public required RejectionLevel Level { get; init; }

    /// <summary>Lower bound of k1 as a ratio; 0 for 1/high.</summary>
    public required double Low { get; init; }

    /// <summary>Upper bound: of k1 as a ratio, of k2 and k3 themselves.</summary>
    public required double High { get; init; }

    internal static RejectionSection Read(SectionReader r)
    {
        var section = new RejectionSection
        {
            Estimator = r.Choice(
                "estimator", KlEstimator.K1, "Statistic of the difference D: -D (k1), D^2/2 (k2), e^D - 1 - D (k3).",
                ("k1", KlEstimator.K1), ("k2", KlEstimator.K2), ("k3", KlEstimator.K3)),
            Level = r.Choice(
                "level", RejectionLevel.SeqMean, "What the statistic is taken over.",
                ("token", RejectionLevel.Token), ("seq_sum", RejectionLevel.SeqSum),
                ("seq_mean", RejectionLevel.SeqMean), ("seq_max", RejectionLevel.SeqMax)),
            Low = r.Number("low", 0, AtLeast(0), "Lower bound of k1, as a ratio; 0 for 1/high."),
            High = r.Number("high", null, Above(0), "Upper bound: of k1 as a ratio, of k2 and k3 as they are."),
        };
        r.Check(
            () => section.Estimator == KlEstimator.K1 || section.Low == 0, "low", () => "only k1 has a lower bound; leave it out");
        r.Check(
            () => section.Estimator != KlEstimator.K1 || section.Level != RejectionLevel.SeqMax, "level",
            () => "k1 has signs, so its largest says nothing; use seq_sum or seq_mean, or estimator k2 or k3");
        r.Check(
            () => section.Estimator != KlEstimator.K1 || section.Low <= section.High, "low", () => $"must be at most high ({section.High})");
        return section;
    }
}
