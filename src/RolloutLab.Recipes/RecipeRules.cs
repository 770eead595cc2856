namespace RolloutLab.Recipes;

/// <summary>The rules between keys of different sections.</summary>
internal static class RecipeRules
{
    /// <summary>Checks a recipe whose sections are each valid by themselves.</summary>
    public static void Check(SectionReader r, Recipe recipe)
    {
        CheckModel(r, recipe);
        CheckTraining(r, recipe);
        CheckSeeding(r, recipe);
        recipe.Strategy.Check(r, recipe);
    }

    private static void CheckModel(SectionReader r, Recipe recipe)
    {
        r.Check(
            () => recipe.Model.Path is not null || recipe.Model.Config is not null || recipe.Simulation is not null || recipe.Replay is not null, "model.path",
            () => "set model.path, or model.config for a model from scratch");
        r.Check(
            () => recipe.Simulation?.Pool is not MixturePoolSection pool || pool.EasyShare + pool.HardShare <= 1, "simulation.pool.hard_share",
            () => "must be at most 1 together with simulation.pool.easy_share");
        r.Check(
            () => recipe.Model.Config is null || recipe.Model.Tokenizer is not null || recipe.Tokenizer is not ModelTokenizerSection, "tokenizer.type",
            () => "a model from scratch brings no tokenizer; set tokenizer.type to countdown, bytes or file, or model.tokenizer to a folder with one");
        r.Check(
            () => recipe.Model.Tokenizer is null || recipe.Tokenizer is ModelTokenizerSection, "tokenizer.type",
            () => "model.tokenizer is not used with it; leave one of them out");
        r.Check(
            () => recipe.Model.Config is not { } config || recipe.Rollout.MaxNewTokens < config.MaxPositions, "rollout.max_new_tokens",
            () => $"must be below model.config.max_positions ({recipe.Model.Config?.MaxPositions}), to leave room for the prompt");
        r.Check(
            () => recipe.Model.Config is not { } config || recipe.Evaluation.Sampling.MaxNewTokens < config.MaxPositions,
            "evaluation.max_new_tokens",
            () => $"must be below model.config.max_positions ({recipe.Model.Config?.MaxPositions}), to leave room for the prompt");
    }

    private static void CheckSeeding(SectionReader r, Recipe recipe)
    {
        r.Check(
            () => recipe.Seeding is null || recipe.Simulation is null, "seeding",
            () => "a simulated policy reads no examples; leave it out");
        r.Check(
            () => recipe.Seeding is null || recipe.Budget.HasLaterRounds, "seeding",
            () => "examples are shown in a step's later rounds, and this budget has one round; "
                + "set budget.type to xrpo or adaptive, with rollouts_per_prompt and n_up above the first round, or leave seeding out");
        r.Check(
            () => recipe.Seeding is not { Group: SeedingGroup.Question } || recipe.Advantage is not TreeAdvantageSection, "seeding.group",
            () => "advantage.type tree compares rollouts that branched from one prompt; set it to prompt");
    }

    private static void CheckTraining(SectionReader r, Recipe recipe)
    {
        bool trains = recipe.Data.Train is not null;
        r.Check(
            () => recipe.Verifier is not null || (!trains && recipe.Data.Eval is null), "verifier",
            () => "prompts need a verifier, such as verifier: { type: numeric }");
        r.Check(
            () => recipe.Data.Eval is not null || recipe.Evaluation.Every == 0, "evaluation.every",
            () => "needs prompts in data.eval; add them or set evaluation.every to 0");
        r.Check(
            () => recipe.Data.Eval is not null || recipe.Sft is not { EvaluateEvery: > 0 }, "sft.evaluate_every",
            () => "needs prompts in data.eval; add them or set sft.evaluate_every to 0");
        r.Check(
            () => !trains || recipe.Rollout.Temperature > 0, "rollout.temperature",
            () => "greedy rollouts of a prompt are all the same and teach nothing; set it above 0");
        r.Check(
            () => recipe.Update.Minibatches <= recipe.Budget.PromptsPerStep, "update.minibatches",
            () => $"must be at most budget.prompts_per_step ({recipe.Budget.PromptsPerStep}), so that each has a prompt");
        r.Check(
            () => recipe.Update.PrefixCredit == PrefixCredit.Leaf
                || recipe.Loss.Aggregation is LossAggregation.TokenMean or LossAggregation.TokenSum,
            "update.prefix_credit",
            () => "node trains tokens that belong to no one sequence; set loss.aggregation to token_mean or token_sum");
        r.Check(
            () => recipe.Simulation is null || recipe.Advantage is not (RemaxAdvantageSection or OptimalTokenBaselineAdvantageSection), "advantage.type",
            () => "needs what a simulated policy has not (greedy answers, probabilities); use rloo or opo");
        r.Check(
            () => recipe.Advantage is not GdpoAdvantageSection || recipe.Loss.Kl is { Coefficient: 0 } or { Placement: KlPlacement.Loss }, "loss.kl_placement",
            () => "advantage.type gdpo normalises each part of a reward by itself, and the divergence is none of them; set it to loss");
        r.Check(
            () => !recipe.Loss.Policy.IsSequenceLevel || recipe.Update is { PrefixCredit: PrefixCredit.Leaf, ForcedTokens: ForcedTokens.Train },
            "loss.type",
            () => "its ratio belongs to whole sequences; set update.prefix_credit to leaf and update.forced_tokens to train");
        r.Check(
            () => recipe.Loss.Correction is null || recipe.Loss.OldLogProbs == OldLogProbsSource.Recompute || recipe.Loss.Policy is ReinforceLossSection,
            "loss.correction",
            () => "engine and trainer log-probs are only told apart with loss.old_log_probs: recompute (or loss.type: reinforce)");
        r.Check(
            () => !trains || recipe.Budget is not UniformBudgetSection { Terms.RolloutsPerPrompt: 1 }
                || recipe.Advantage is not GrpoAdvantageSection { Singleton: SingletonAdvantage.Zero },
            "budget.rollouts_per_prompt",
            () => "every advantage would be 0; set it to 2 or more, or advantage.singleton to reward");
    }
}
