using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Recipes;

public class RecipeErrorTests
{
    [Theory]
    // Unknown keys: the nearest one here, the same one elsewhere, that of another type, or all there are.
    [InlineData("loss:\n  clip_lo: 0.2", "r.yaml:6: loss.clip_lo: unknown key; did you mean loss.clip_low?")]
    [InlineData("lost: 1", "r.yaml:5: lost: unknown key; did you mean loss?")]
    [InlineData("loss: { Clip-High: 1 }", "r.yaml:5: loss.Clip-High: unknown key; did you mean loss.clip_high?")]
    [InlineData("learning_rate: 1.0", "r.yaml:5: learning_rate: unknown key; did you mean optimizer.learning_rate?")]
    [InlineData(
        "tokenizer: { path: t.json }",
        "r.yaml:5: tokenizer.path: unknown key; it belongs to tokenizer type: file; remove it, or set the section whole: tokenizer={ type: ... }")]
    [InlineData("checkpoint: { xyzzy: 1 }", "r.yaml:5: checkpoint.xyzzy: unknown key; known here: every, keep_last, keep_best")]
    // Duplicate keys.
    [InlineData("seed: 1\nthreads: 2\nseed: 3", "r.yaml:7: seed: given twice, first on line 5; keep one")]
    [InlineData("loss:\n  clip_low: 0.1\n  clip_low: 0.1", "r.yaml:7: loss.clip_low: given twice, first on line 6; keep one")]
    // Missing keys.
    [InlineData("sft:\n  steps: 3", "r.yaml:5: sft.data.type: missing; set it to one of countdown_traces, jsonl, gsm8k (What is imitated)")]
    [InlineData("tokenizer:\n  type: file", "r.yaml:5: tokenizer.path: missing; set it to a path (A tokenizer.json)")]
    [InlineData(
        "sft:\n  data: { type: gsm8k, path: x }", "r.yaml:5: sft.steps: missing; set it to an integer (Optimizer steps)")]
    // Ill-typed values.
    [InlineData("seed: one", "r.yaml:5: seed = one: must be an integer")]
    [InlineData("seed: 1.0", "r.yaml:5: seed = 1.0: must be an integer")]
    [InlineData("seed: \"1\"", "r.yaml:5: seed = 1: must be an integer, without quotes")]
    [InlineData("seed:", "r.yaml:5: seed = null: must be an integer")]
    [InlineData("seed: [1, 2]", "r.yaml:5: seed = [1, 2]: must be an integer")]
    [InlineData("rollout: { temperature: { a: 1 } }", "r.yaml:5: rollout.temperature = a section: must be a finite number")]
    [InlineData("rollout: { temperature: .nan }", "r.yaml:5: rollout.temperature = .nan: must be a finite number")]
    [InlineData("rollout: { temperature: NaN }", "r.yaml:5: rollout.temperature = NaN: must be a finite number")]
    [InlineData("rollout: { temperature: 1e39 }", "r.yaml:5: rollout.temperature = 1e39: must be a finite number")]
    [InlineData("run: { dir: \"a\\0b\" }", "r.yaml:5: run.dir = a?b: must be a path")]
    [InlineData("loss: vanilla", "r.yaml:5: loss = vanilla: must be a section (keys with values)")]
    [InlineData("sft: [1]", "r.yaml:5: sft = [1]: must be a section (keys with values)")]
    [InlineData(
        "loss: { aggregation: token_men }",
        "r.yaml:5: loss.aggregation = token_men: must be one of token_mean, seq_mean_token_mean, seq_mean_token_sum, "
        + "seq_mean_token_sum_norm, token_sum; did you mean token_mean?")]
    [InlineData("loss: { type: vanila, clip_low: 9 }", "r.yaml:5: loss.type = vanila: must be one of vanilla, gppo, gspo, luspo, gmpo, cispo, sapo, vespo, clip_cov, kl_cov, dppo_tv, dppo_kl, ipo, dro, gpg, reinforce; did you mean vanilla?")]
    [InlineData("evaluation: { pass_at: 4 }", "r.yaml:5: evaluation.pass_at = 4: must be a list of integers, such as [1, 4, 16]")]
    [InlineData("evaluation: { pass_at: [1, x] }", "r.yaml:5: evaluation.pass_at = [1, x]: each item must be an integer")]
    [InlineData("evaluation: { pass_at: [2, 2] }", "r.yaml:5: evaluation.pass_at = [2, 2]: must not repeat an item")]
    // Out of range.
    [InlineData("rollout:\n\n  temperature: -1", "r.yaml:7: rollout.temperature = -1: must be at least 0")]
    [InlineData("rollout: { top_p: 0 }", "r.yaml:5: rollout.top_p = 0: must be above 0 and at most 1")]
    [InlineData("loss: { dual_clip: 0.5 }", "r.yaml:5: loss.dual_clip = 0.5: must be 0 (off) or above 1")]
    [InlineData("loss: { clip_low: 1 }", "r.yaml:5: loss.clip_low = 1: must be at least 0 and below 1")]
    [InlineData("engine: { block_size: 2000 }", "r.yaml:5: engine.block_size = 2000: must be from 8 to 1024")]
    [InlineData("threads: 2147483648", "r.yaml:5: threads = 2147483648: must be at most 2147483647")]
    [InlineData("seed: 99999999999999999999", "r.yaml:5: seed = 99999999999999999999: must be an integer")]
    public void Wrong_keys_and_values_are_refused_with_place_rule_and_remedy(string added, string expected) =>
        Assert.Equal(expected, RecipeText.ErrorOf(RecipeText.Minimal + added));

    [Theory]
    [InlineData(
        "evaluation: { rollouts: 8, pass_at: [1, 16] }",
        "r.yaml:5: evaluation.pass_at = [1, 16]: each k must be at most evaluation.rollouts (8); "
        + "drop the larger ones or raise evaluation.rollouts")]
    [InlineData(
        "evaluation: { temperature: 0 }",
        "r.yaml:5: evaluation.rollouts = 16: at temperature 0 all rollouts of a prompt are the same; "
        + "set evaluation.rollouts to 1 or evaluation.temperature above 0")]
    [InlineData(
        "update: { minibatches: 33 }",
        "r.yaml:5: update.minibatches = 33: must be at most budget.prompts_per_step (32), so that each has a prompt")]
    [InlineData(
        "budget: { rollouts_per_prompt: 1 }",
        "r.yaml:5: budget.rollouts_per_prompt = 1: every advantage would be 0; set it to 2 or more, or advantage.singleton to reward")]
    [InlineData(
        "rollout: { temperature: 0 }\nevaluation: { rollouts: 1 }",
        "r.yaml:5: rollout.temperature = 0.0: greedy rollouts of a prompt are all the same and teach nothing; set it above 0")]
    [InlineData(
        "evaluation: { every: 5 }",
        "r.yaml:5: evaluation.every = 5: needs prompts in data.eval; add them or set evaluation.every to 0")]
    [InlineData("engine: { kv_tokens: 8 }", "r.yaml:5: engine.kv_tokens = 8: must be 0 (automatic) or at least engine.block_size (16)")]
    [InlineData(
        "engine: { max_step_tokens: 100 }",
        "r.yaml:5: engine.max_step_tokens = 100: must be at least engine.max_batch (256), one token for each running sequence")]
    [InlineData(
        "sft: { data: { type: jsonl, path: x, response_template: no }, steps: 1 }",
        "r.yaml:5: sft.data.response_template = no: must contain {response}")]
    public void Keys_that_contradict_each_other_are_refused(string added, string expected) =>
        Assert.Equal(expected, RecipeText.ErrorOf(RecipeText.Minimal + added));

    [Theory]
    [InlineData("", "r.yaml: model.path: set model.path, or model.config for a model from scratch")]
    [InlineData(
        "model:\n  path: m\n  config: { hidden_size: 8, layers: 1, heads: 2, intermediate_size: 8, max_positions: 512 }",
        "r.yaml:3: model.config: a model has a path or a config, not both; remove one (or --set it to null)")]
    [InlineData(
        "model:\n  config: { hidden_size: 8, layers: 1, heads: 2, intermediate_size: 8, max_positions: 512 }",
        "r.yaml: tokenizer.type = model: a model from scratch brings no tokenizer; set tokenizer.type to countdown, bytes or file, or model.tokenizer to a folder with one")]
    [InlineData(
        "model:\n  config: { hidden_size: 10, layers: 1, heads: 2, intermediate_size: 8, max_positions: 512 }",
        "r.yaml:2: model.config.head_size = 5: must be even (rotary positions turn pairs); change hidden_size, heads or head_size")]
    [InlineData(
        "model:\n  config: { hidden_size: 9, layers: 1, heads: 2, intermediate_size: 8, max_positions: 512 }",
        "r.yaml:2: model.config.head_size: missing; set it to an integer (Width of one head; even)")]
    [InlineData(
        "model:\n  config: { hidden_size: 16, layers: 1, heads: 4, kv_heads: 3, intermediate_size: 8, max_positions: 512 }",
        "r.yaml:2: model.config.kv_heads = 3: must divide heads (4)")]
    [InlineData(
        "tokenizer: { type: bytes }\nmodel:\n  config: { hidden_size: 16, layers: 1, heads: 4, intermediate_size: 8, max_positions: 256 }",
        "r.yaml: rollout.max_new_tokens = 256: must be below model.config.max_positions (256), to leave room for the prompt")]
    [InlineData(
        "model: { path: m }\ndata:\n  train: { path: x }",
        "r.yaml:3: data.train.type: missing; set it to one of countdown, jsonl, parquet, verl, trl, gsm8k (What the files hold)")]
    [InlineData(
        "model: { path: m }\ndata: { eval: { type: gsm8k, path: x } }",
        "r.yaml: verifier: prompts need a verifier, such as verifier: { type: numeric }")]
    public void A_recipe_must_fit_together(string yaml, string expected) => Assert.Equal(expected, RecipeText.ErrorOf(yaml));

    [Fact]
    public void The_first_of_several_errors_is_reported_with_the_number_of_the_others()
    {
        string yaml = RecipeText.Minimal + "loss: { clip_lo: 1 }\nseed: -1\nrollout: { top_k: -1 }";

        Assert.Equal("r.yaml:5: loss.clip_lo: unknown key; did you mean loss.clip_low? (and 2 more)", RecipeText.ErrorOf(yaml));
    }

    [Fact]
    public void Long_or_unprintable_text_is_cut_and_cleaned_in_messages()
    {
        string message = RecipeText.ErrorOf(RecipeText.Minimal + $"seed: \"{new string('x', 500)}\"\n");
        Assert.Equal($"r.yaml:5: seed = {new string('x', 60)}...: must be an integer, without quotes", message);

        Assert.Equal("r.yaml:5: seed = a??b: must be an integer, without quotes", RecipeText.ErrorOf(RecipeText.Minimal + "seed: \"a\\e\\nb\""));
    }

    [Fact]
    public void What_a_command_needs_and_the_recipe_lacks_is_named()
    {
        Recipe recipe = RecipeText.Parse("model: { path: m }");

        AssertMissing("data.train", recipe.RequireTrainData);
        AssertMissing("data.eval", recipe.RequireEvalData);
        AssertMissing("verifier", recipe.RequireVerifier);
        AssertMissing("sft", recipe.RequireSft);
    }

    private static void AssertMissing(string path, Func<object> require) =>
        Assert.StartsWith($"r.yaml: {path}: missing; ", Assert.Throws<RecipeException>(require).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{ level: seq_sum }", "high is missing")]
    [InlineData("{ high: 0 }", "high must be above 0")]
    [InlineData("[{ high: 2 }, { estimator: k4, high: 2 }]", "item 2: estimator must be one of k1, k2, k3")]
    [InlineData("{ estimator: k2, low: 1, high: 2 }", "only k1 has")]
    [InlineData("{ low: 3, high: 2 }", "low 3.0 above high 2.0")]
    [InlineData("{ level: seq_max, high: 2 }", "use seq_sum or seq_mean")]
    [InlineData("{ hihg: 2 }", "unknown key hihg; known here: estimator, level, low, high")]
    [InlineData("5", "must be a section such as")]
    public void A_wrong_rejection_criterion_is_named(string reject, string problem)
    {
        string error = RecipeText.ErrorOf(RecipeText.Minimal + $"loss: {{ type: reinforce, correction: {{ reject: {reject} }} }}\n");
        Assert.Contains("loss.correction.reject", error, StringComparison.Ordinal);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }
}
