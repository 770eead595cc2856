using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Diverse beam search (arXiv 1610.02424).</summary>
public sealed record DiverseBeamStrategySection : StrategySection
{
    /// <summary>Groups of beams; the rollouts of a prompt are shared out among them.</summary>
    public required int Groups { get; init; }

    /// <summary>What a token's score loses for each beam of earlier groups that took it at the same position.</summary>
    public required double Penalty { get; init; }

    /// <summary>Most probable tokens of each beam that are looked at.</summary>
    public required int Candidates { get; init; }

    internal static new DiverseBeamStrategySection Read(SectionReader r) => new()
    {
        Groups = r.Integer("groups", 4, AtLeast(1), "Groups of beams; as many as rollouts gives each its own."),
        Penalty = r.Number("penalty", 0.5, AtLeast(0), "Loss in log-probability for each beam of earlier groups that took the token there."),
        Candidates = r.Integer("candidates", 8, Between(2, 64), "Most probable tokens of each beam that are looked at."),
    };

    /// <inheritdoc/>
    internal override void Check(SectionReader r, Recipe recipe) => CheckFitsGroup(r, recipe, "groups", Groups);
}
