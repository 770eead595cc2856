using RolloutLab.Batching;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>The parts of the loop that a recipe names, made anew for each replay because they remember.</summary>
/// <param name="Advantages">Makes the estimator with its sharpening.</param>
/// <param name="Stages">Makes the stages of recomposition.</param>
/// <param name="Grader">Makes the recipe's own grader: verifier and reward shaping.</param>
public sealed record ReplayParts(Func<SharpenedAdvantages> Advantages, Func<IReadOnlyList<IRecompositionStage>> Stages, Func<IGrader> Grader)
{
    /// <summary>What a recipe's parts look at in a log.</summary>
    public static LogContents ContentsFor(Recipe recipe, bool verifies)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var contents = LogContents.Outcomes;
        if (verifies)
        {
            contents |= LogContents.Texts | (recipe.Reward?.Repetition is not null ? LogContents.Tokens : 0);
        }

        return recipe.Advantage is TreeAdvantageSection || recipe.Advantage.Novelty is not null ? contents | LogContents.Tokens : contents;
    }
}
