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

    /// <summary>Which tokens or sequences leave the loss and its denominators: those that fail any of these.</summary>
    public ValueList<RejectionSection> Reject { get; init; } = [];

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
            Reject = r.Sections(
                "reject", RejectionSection.Rule, "Which tokens or sequences leave the loss and its denominators: one criterion, or a list that all must pass.",
                RejectionSection.Convert, RejectionSection.Format),
        };
        r.Check(() => section.Min <= section.Max, "min", () => $"must be at most max ({section.Max})");
        return section;
    }
}
