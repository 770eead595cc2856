namespace RolloutLab.Recipes;

/// <summary>Where the rollouts of a prompt branch.</summary>
public abstract record StrategySection
{
    internal static StrategySection Read(SectionReader r) => r.Variant<StrategySection>(
        "Where the rollouts of a prompt branch in training; evaluation is always stochastic.",
        "stochastic",
        ("stochastic", _ => new StochasticStrategySection()),
        ("latr", LatrStrategySection.Read),
        ("entropy_tree", EntropyTreeStrategySection.Read),
        ("segment_tree", SegmentTreeStrategySection.Read),
        ("diverse_beam", DiverseBeamStrategySection.Read));

    /// <summary>Checks its keys against those of other sections.</summary>
    internal virtual void Check(SectionReader r, Recipe recipe)
    {
        // Nothing to check where nothing branches.
    }

    /// <summary>Refuses a number of rollouts or rows above the group's size, where that is the same for every prompt.</summary>
    /// <param name="r">The root section.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="key">Path of the key below <c>rollout.strategy</c>.</param>
    /// <param name="count">Its value.</param>
    private protected static void CheckFitsGroup(SectionReader r, Recipe recipe, string key, int count) => r.Check(
        () => recipe.Budget is not UniformBudgetSection uniform || count <= uniform.Terms.RolloutsPerPrompt,
        $"rollout.strategy.{key}",
        () => $"must be at most budget.rollouts_per_prompt ({(recipe.Budget as UniformBudgetSection)?.Terms.RolloutsPerPrompt}), the size of a group");
}

/// <summary>No branches: each rollout is sampled from the prompt on.</summary>
public sealed record StochasticStrategySection : StrategySection;
