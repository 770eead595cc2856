using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>
/// Lookahead tree rollouts (LATR, arXiv 2510.24302). The documentation of a key that the paper and the authors' code
/// (commit 2adb0ed) disagree on says what each has.
/// </summary>
public sealed record LatrStrategySection : StrategySection
{
    /// <summary>Most probable tokens looked at; the first continues the row, each other may become a fork.</summary>
    public required int Candidates { get; init; }

    /// <summary>A fork's token is more probable than this, at temperature 1.</summary>
    public required double MinProbability { get; init; }

    /// <summary>What the difference to the most probable token is compared with.</summary>
    public required double MaxGap { get; init; }

    /// <summary>On which side of <see cref="MaxGap"/> the difference lies.</summary>
    public required LatrGapRule GapRule { get; init; }

    /// <summary>Which forks are made when there is no place for all.</summary>
    public required LatrForkOrder ForkOrder { get; init; }

    /// <summary>The token of a row that does not fork.</summary>
    public required LatrSoloToken SoloToken { get; init; }

    /// <summary>Most rows of a tree; 0 for as many as the group has rollouts.</summary>
    public required int Width { get; init; }

    /// <summary>Ages in tokens, the fork's included, at which a fork is compared with its parent.</summary>
    public required ValueList<int> Lookahead { get; init; }

    /// <summary>How similar a fork may be to its parent.</summary>
    public required LatrPruning Pruning { get; init; }

    /// <summary>How the tree phase ends.</summary>
    public required LatrStopping Stopping { get; init; }

    /// <summary>What takes the places that the tree left empty.</summary>
    public required LatrFill Fill { get; init; }

    /// <summary>Whether finished rows count among the tree's rows.</summary>
    public required bool FinishedHoldPlace { get; init; }

    /// <summary>Which share of a group is the tree; the rest are plain samples.</summary>
    public required TreeShareSection Share { get; init; }

    internal static new LatrStrategySection Read(SectionReader r)
    {
        return new LatrStrategySection
        {
            Candidates = r.Integer(
                "candidates", 2, Between(2, 64), "Most probable tokens looked at; the first continues the row, the others may fork."),
            MinProbability = r.Number(
                "min_probability", 0.25, AtLeastBelow(0, 1), "A fork's token is more probable than this (paper 0.25; code 0.25, 0.15 for mathematics)."),
            MaxGap = r.Number(
                "max_gap", 0.15, AboveAtMost(0, 1),
                "Difference of the best token's probability to the fork's (paper 0.15; code 0.15, 0.25 for mathematics)."),
            GapRule = r.Choice(
                "gap_rule", LatrGapRule.Below, "Whether the difference is below or above max_gap (paper and code: below; code before 2026-01-23: above).",
                ("below", LatrGapRule.Below), ("above", LatrGapRule.Above)),
            ForkOrder = r.Choice(
                "fork_order", LatrForkOrder.Probability, "Which forks come first when places are short (paper: probability; code: row_age).",
                ("probability", LatrForkOrder.Probability), ("row_age", LatrForkOrder.RowAge)),
            SoloToken = r.Choice(
                "solo_token", LatrSoloToken.Greedy, "Token of a row that does not fork, while the tree grows (code: greedy).",
                ("greedy", LatrSoloToken.Greedy), ("sample_when_full", LatrSoloToken.SampleWhenFull), ("sample", LatrSoloToken.Sample)),
            Width = r.Integer("width", 0, AtLeast(0), "Most rows of a tree; 0 for as many as the group has rollouts."),
            Lookahead = r.Integers(
                "lookahead", [20, 30, 50], AtLeast(1),
                "Ages in tokens at which a fork is compared with its parent (paper: one; code: [20, 30, 50])."),
            Pruning = r.Section("pruning", "How similar a fork may be to its parent; any measure prunes.", LatrPruning.Read),
            Stopping = r.Section("stopping", "How the tree phase ends; then every row is sampled on.", LatrStopping.Read),
            Fill = r.Choice(
                "fill", LatrFill.Prompt, "What takes places that stay empty: a sample from the prompt, one from within a random row, or the "
                    + "first row again (code: duplicate_root).",
                ("prompt", LatrFill.Prompt), ("row", LatrFill.Row), ("duplicate_root", LatrFill.DuplicateRoot)),
            FinishedHoldPlace = r.Flag(
                "finished_hold_place", true, "Whether finished rows count among the tree's rows (code: true); if not, the youngest surplus leaves go."),
            Share = r.Section("share", "Share of a group that is the tree, by training step; the rest are plain samples.", TreeShareSection.Read),
        };
    }

    /// <inheritdoc/>
    internal override void Check(SectionReader r, Recipe recipe)
    {
        CheckFitsGroup(r, recipe, "width", Width);
        r.Check(
            () => Lookahead.Max() < recipe.Rollout.MaxNewTokens, "rollout.strategy.lookahead",
            () => $"each age must be below rollout.max_new_tokens ({recipe.Rollout.MaxNewTokens}), or no fork is ever compared");
    }
}

/// <summary>On which side of the bound the difference of probabilities lies.</summary>
public enum LatrGapRule
{
    /// <summary>Forks where the tokens are about as probable.</summary>
    Below,

    /// <summary>Forks where they are not.</summary>
    Above,
}

/// <summary>Which forks are made when there is no place for all.</summary>
public enum LatrForkOrder
{
    /// <summary>The most probable ones.</summary>
    Probability,

    /// <summary>By rank of the token, then those of the oldest rows.</summary>
    RowAge,
}

/// <summary>The token of a row that does not fork.</summary>
public enum LatrSoloToken
{
    /// <summary>The most probable one.</summary>
    Greedy,

    /// <summary>Drawn, once the tree has all its rows.</summary>
    SampleWhenFull,

    /// <summary>Drawn, unless another token qualified for a fork that found no place.</summary>
    Sample,
}

/// <summary>What takes the places that a tree left empty.</summary>
public enum LatrFill
{
    /// <summary>A rollout sampled from the prompt on.</summary>
    Prompt,

    /// <summary>A rollout sampled from a random position of a random row on.</summary>
    Row,

    /// <summary>The first row again: a duplicate where it has finished, else sampled on.</summary>
    DuplicateRoot,
}
