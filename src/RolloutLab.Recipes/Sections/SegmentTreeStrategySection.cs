using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Which rows of a segment tree get the free places first.</summary>
public enum SegmentForkOrder
{
    /// <summary>The oldest.</summary>
    Age,

    /// <summary>Those whose last segment was least probable.</summary>
    LowProbability,

    /// <summary>Those whose last segment was most probable.</summary>
    HighProbability,
}

/// <summary>Forks at the ends of segments of fixed length, after TreePO (arXiv 2508.17445).</summary>
public sealed record SegmentTreeStrategySection : StrategySection
{
    /// <summary>Tokens in a segment.</summary>
    public required int Segment { get; init; }

    /// <summary>Most rows that one row goes on as.</summary>
    public required int Branches { get; init; }

    /// <summary>Which rows get the free places first.</summary>
    public required SegmentForkOrder Order { get; init; }

    internal static new SegmentTreeStrategySection Read(SectionReader r) => new()
    {
        Segment = r.Integer("segment", 16, AtLeast(1), "Tokens in a segment; rows fork at its end only."),
        Branches = r.Integer("branches", 2, AtLeast(2), "Most rows that one row goes on as, and that start at the prompt."),
        Order = r.Choice(
            "order", SegmentForkOrder.Age, "Which rows get the free places first: the oldest, or by their last segment's probability.",
            ("age", SegmentForkOrder.Age),
            ("low_probability", SegmentForkOrder.LowProbability),
            ("high_probability", SegmentForkOrder.HighProbability)),
    };

    /// <inheritdoc/>
    internal override void Check(SectionReader r, Recipe recipe)
    {
        CheckFitsGroup(r, recipe, "branches", Branches);
        r.Check(
            () => Segment < recipe.Rollout.MaxNewTokens, "rollout.strategy.segment",
            () => $"must be below rollout.max_new_tokens ({recipe.Rollout.MaxNewTokens}), or no row ever forks");
    }
}
