using RolloutLab.Batching;
using RolloutLab.Core;
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
    /// <summary>Refuses a recipe whose step samples or scores beside its rollouts: a log has no policy to do that with.</summary>
    /// <exception cref="RecipeException">The key and the remedy.</exception>
    public static void CheckNeedsNoPolicy(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        const string Remedy = "needs the policy, which a replay without --train has not";
        if (recipe.Advantage is RemaxAdvantageSection or OptimalTokenBaselineAdvantageSection)
        {
            throw new RecipeException($"{recipe.Source}: advantage.type: {Remedy}; use rloo or opo");
        }

        if (recipe.Loss.Kl is { Coefficient: > 0, Placement: KlPlacement.Reward })
        {
            throw new RecipeException($"{recipe.Source}: loss.kl_placement = reward: {Remedy}; set it to loss");
        }

        if (recipe.Recompose.Stages.Contains(RecompositionStage.SelfExplanation))
        {
            throw new RecipeException($"{recipe.Source}: recompose.stages: self_explanation {Remedy}; leave it out");
        }
    }

    /// <summary>Refuses a recipe that asks questions anew, with solved examples before them: what would be answered is not in a log.</summary>
    /// <exception cref="RecipeException">The key and the remedy.</exception>
    public static void CheckAsksNothingAnew(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        if (recipe.Seeding is not null)
        {
            throw new RecipeException(
                $"{recipe.Source}: seeding: asks questions anew, and a log has its answers already; leave it out of this replay, as with --set seeding=null");
        }
    }

    /// <summary>What a recipe's parts look at in a log.</summary>
    public static LogContents ContentsFor(Recipe recipe, bool verifies)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var contents = !verifies ? LogContents.Verdicts : LogContents.Texts | (recipe.Reward?.Repetition is not null ? LogContents.Tokens : 0);
        return contents
            | (recipe.Advantage is TreeAdvantageSection ? LogContents.Tokens : 0)
            | (recipe.Advantage.Novelty is not null ? LogContents.Tokens | LogContents.LogProbs : 0);
    }
}
