using RolloutLab.Allocation;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Models;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>What a step samples and scores beside its budget: greedy baselines, divergences, explanations.</summary>
internal sealed class StepCompanions
{
    private readonly Recipe _recipe;
    private readonly Policy _policy;
    private readonly int _maxPromptTokens;

    /// <exception cref="RecipeException">The policy's tokenizer or context has no room for a prompt with its answer.</exception>
    public StepCompanions(Recipe recipe, Policy policy, PromptSet? prompts)
    {
        (_recipe, _policy) = (recipe, policy);
        if (Explains && prompts is not null)
        {
            var template = TemplateTokens();

            // An answer that is longer than the longest response would be of no use.
            var (room, longest) = (policy.Model.MaxPositions - recipe.Rollout.MaxNewTokens, prompts.Summary.LongestTokens);
            _maxPromptTokens = (int)Math.Min(room, (2L * longest) + template + recipe.Rollout.MaxNewTokens);
            if (prompts.Summary.ShortestTokens + template >= room)
            {
                throw new RecipeException(
                    $"{recipe.Source}: recompose.self_explanation: no prompt fits with its answer: {room} of {policy.Model.MaxPositions} positions are left by "
                    + $"rollout.max_new_tokens ({recipe.Rollout.MaxNewTokens}); lower it, or leave self_explanation out of recompose.stages");
            }
        }
    }

    /// <summary>Most tokens of a prompt that is asked beside the budget; 0 where they are those of the prompt sets.</summary>
    public int MaxPromptTokens => _maxPromptTokens;

    private bool Explains => _recipe.Recompose.Stages.Contains(RecompositionStage.SelfExplanation);

    /// <summary>The advantages of a step with what they need.</summary>
    /// <param name="sharpened">Estimator and sharpening.</param>
    /// <param name="source">Makes rollouts.</param>
    /// <param name="grader">Grades them as training does.</param>
    /// <param name="reference">The frozen reference; null where there is none.</param>
    public StepAdvantages Advantages(SharpenedAdvantages sharpened, IRolloutSource source, Grader grader, DecoderModel? reference)
    {
        var penalised = reference is not null && _recipe.Loss.Kl.Placement == KlPlacement.Reward ? Scorer(reference) : null;
        var wantsSquares = _recipe.Advantage is OptimalTokenBaselineAdvantageSection;
        return new StepAdvantages(
            sharpened,
            _recipe.Advantage is RemaxAdvantageSection ? new GreedyBaselines(source, grader) : null,
            penalised is not null || wantsSquares ? new ScoredEvidence(Scorer(_policy.Model), penalised, _recipe.Loss, wantsSquares) : null);
    }

    /// <summary>Explains unsolved prompts; null where the recipe does not ask for it.</summary>
    /// <param name="ledger">Which prompts were ever solved.</param>
    /// <param name="source">Makes rollouts.</param>
    /// <param name="grader">Grades them, without shaping.</param>
    public SelfExplainer? Explainer(PromptLedger ledger, IRolloutSource source, Grader grader) => !Explains ? null : new SelfExplainer(
        _recipe.Recompose.SelfExplanation,
        Strategies.Answers(_recipe.RequireTrainData(), _recipe.RequireVerifier()),
        ledger,
        source,
        grader,
        Scorer(_policy.Model),
        _policy.Tokenizer,
        _maxPromptTokens);

    private SequenceScorer Scorer(DecoderModel model) => new(model, _recipe.Rollout.Temperature, _recipe.Update.MicroBatchTokens);

    private int TemplateTokens()
    {
        var template = _recipe.Recompose.SelfExplanation.Template;
        try
        {
            return _policy.Tokenizer.Encode(SelfExplainer.Show(template, "", "")).Length;
        }
        catch (DataException error)
        {
            throw new RecipeException($"{_recipe.Source}: recompose.self_explanation.template = {template.ReplaceLineEndings("\\n")}: {error.Message}", error);
        }
    }
}
