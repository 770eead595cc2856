using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Forks before the most surprising tokens: EPTree of TreeRL (arXiv 2506.11902).</summary>
public sealed record EntropyTreeStrategySection : StrategySection
{
    /// <summary>Samples that the trees of a prompt start from (M).</summary>
    public required int Samples { get; init; }

    /// <summary>Tokens of each tree that are forked on in a round (N).</summary>
    public required int Tokens { get; init; }

    /// <summary>Rounds (L).</summary>
    public required int Rounds { get; init; }

    /// <summary>Forks at each of the tokens (T).</summary>
    public required int Branches { get; init; }

    internal static new EntropyTreeStrategySection Read(SectionReader r) => new()
    {
        Samples = r.Integer("samples", 2, AtLeast(1), "Samples that the trees of a prompt start from (M)."),
        Tokens = r.Integer("tokens", 4, AtLeast(1), "Most surprising tokens of each tree that a round forks on (N)."),
        Rounds = r.Integer("rounds", 1, AtLeast(1), "Rounds of forks (L); samples · (tokens · rounds · branches + 1) leaves."),
        Branches = r.Integer("branches", 1, AtLeast(1), "Forks at each of the tokens (T)."),
    };

    /// <inheritdoc/>
    internal override void Check(SectionReader r, Recipe recipe) => CheckFitsGroup(r, recipe, "samples", Samples);
}
