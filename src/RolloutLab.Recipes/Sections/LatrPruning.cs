using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>What is done with a comparison in which one row has ended.</summary>
public enum LatrEndWindow
{
    /// <summary>It is left out: the fork stays.</summary>
    Skip,

    /// <summary>What there is up to the end is compared.</summary>
    Compare,
}

/// <summary>
/// How similar a fork may be to its parent in the tokens since the fork. A measure of 0 is off; each other prunes by itself.
/// </summary>
public sealed record LatrPruning
{
    /// <summary>Prunes when the edit distance by the window's length is below this.</summary>
    public required double EditDistance { get; init; }

    /// <summary>Prunes when the longest suffix of one window found in the other, by its length, is above this.</summary>
    public required double SuffixMatch { get; init; }

    /// <summary>Prunes when the longest common subsequence by the window's length is above this.</summary>
    public required double RougeL { get; init; }

    /// <summary>What is done with a comparison in which one row has ended.</summary>
    public required LatrEndWindow EndWindow { get; init; }

    /// <summary>Whether forks stay whose parent has a symbol of mathematics at the fork.</summary>
    public required bool ExemptMath { get; init; }

    internal static LatrPruning Read(SectionReader r) => new()
    {
        EditDistance = r.Number(
            "edit_distance", 0.4, Between(0, 1), "Prunes below this edit distance by length (paper and code 0.4; 0 for off)."),
        SuffixMatch = r.Number(
            "suffix_match", 0, AtLeastBelow(0, 1), "Prunes above this share of matching suffix (code for mathematics 0.2; 0 for off)."),
        RougeL = r.Number("rouge_l", 0, AtLeastBelow(0, 1), "Prunes above this ROUGE-L (code for mathematics 0.5; 0 for off)."),
        EndWindow = r.Choice(
            "end_window", LatrEndWindow.Skip, "A comparison in which a row has ended: left out (code), or of what there is.",
            ("skip", LatrEndWindow.Skip), ("compare", LatrEndWindow.Compare)),
        ExemptMath = r.Flag(
            "exempt_math", false, "Whether forks stay whose parent has a digit, an operator or a blank there (paper: false; code: true)."),
    };
}
