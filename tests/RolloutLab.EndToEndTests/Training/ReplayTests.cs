using System.Text.Json.Nodes;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>What a run logged, replayed.</summary>
public sealed class ReplayTests : IDisposable
{
    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    /// <summary>Budgets in rounds, prompts without rollouts, trees, refills, buffers, shaped rewards: all must come out the same.</summary>
    [Theory]
    [InlineData("budget.prompts_per_step=4")]
    [InlineData("budget={type: adaptive, prompts_per_step: 6, rollouts_per_prompt: 4, n_low: 1, n_up: 8, round_rollouts: 2}")]
    [InlineData("budget={type: spo, prompts_per_step: 8, sampled_prompts: 3, rollouts_per_prompt: 4}", "advantage={type: spo}")]
    [InlineData("budget={type: thompson, prompts_per_step: 6, rollouts_per_prompt: 4, n_low: 0, n_up: 12}")]
    [InlineData("rollout.strategy={type: latr, lookahead: [4, 8]}", "budget={type: xrpo, prompts_per_step: 4, rollouts_per_prompt: 6, first_round: 2, round_rollouts: 4, n_up: 12}")]
    [InlineData("rollout.strategy={type: entropy_tree}", "advantage={type: tree}", "update={prefix_credit: node}")]
    [InlineData("recompose={stages: [mask_truncated, dynamic_sampling, replay, self_imitation], dynamic_sampling: {max_rounds: 3}}")]
    [InlineData("reward={overlong: {buffer: 8}, repetition: {}, format: {}}", "recompose={stages: [rorecomp]}", "advantage={type: grpo, novelty: {}}")]
    public void A_run_replays_to_the_last_bit_without_its_model_and_data(params string[] settings)
    {
        Train("run", settings);
        File.Delete(_program.At("train.jsonl"));
        Directory.Delete(_program.At("run", "checkpoints"), recursive: true);

        var result = _program.Run("replay", "run", "--json");

        var report = JsonNode.Parse(result.Out)!;
        Assert.True(result.Code == 0, result.Out + result.Error);
        Assert.True((bool)report["exact"]!);
        Assert.Equal(4, (int)report["steps"]!);
        var stored = Query("select count(*) as n from rollouts");
        Assert.Equal((int)stored["n"]!, (int)report["rollouts"]!);
        Assert.True((int)report["metrics"]! > 4 * 40);
    }

    [Fact]
    public void What_was_tampered_with_is_found_and_named()
    {
        Train("run");
        var file = _program.At("run", "metrics.jsonl");
        var rows = TrainingProgram.Rows(file);
        rows[2]["critic/advantages/max"] = 7.25;
        File.WriteAllLines(file, rows.Select(r => r.ToJsonString()));
        File.Copy(_program.At("run", "rollouts", "step-000004.parquet"), _program.At("run", "rollouts", "step-000003.parquet"), overwrite: true);

        var result = _program.Run("replay", "run", "--step", "2");
        Assert.Equal(1, result.Code);
        Assert.Contains("metric  step 2, critic/advantages/max: logged 7.25", result.Out, StringComparison.Ordinal);
        Assert.Contains("NOT exact: 1 metric differ", result.Out, StringComparison.Ordinal);

        var whole = _program.Run("replay", "run");
        Assert.Equal(1, whole.Code);
        Assert.Contains("step 3 is missing", Assert.Single(whole.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public void One_step_prompt_or_rollout_is_shown_as_logged_and_as_computed_again()
    {
        Train("run");
        var row = Query("select prompt_id, rollout, text, reward, advantage from rollouts where step = 3 and rollout = 2 order by group_index");

        var result = _program.Run("replay", "run", "--step", "3", "--prompt", (string)row["prompt_id"]!, "--rollout", "2", "--json");

        Assert.Equal(0, result.Code);
        var report = JsonNode.Parse(result.Out)!;
        var shown = Assert.Single(report["shown"]!.AsArray())!;
        Assert.Equal((string)row["text"]!, (string)shown["text"]!);
        Assert.True(JsonNode.DeepEquals(shown["logged"], shown["replayed"]));
        Assert.Equal((float)row["advantage"]!, (float)shown["replayed"]!["advantage"]!);
        Assert.Equal((1, 0), ((int)report["steps"]!, (int)report["metrics"]!));

        Assert.Contains("has no step 9", _program.Run("replay", "run", "--step", "9").Error, StringComparison.Ordinal);
        Assert.Contains("no such rollout", _program.Run("replay", "run", "--prompt", "nobody").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_recipe_draws_from_the_log_and_counts_what_it_lacks()
    {
        Train("run", "budget.prompts_per_step=4");

        var result = _program.Run("replay", "run", "--json", "--run-dir", "again", "--set", "budget={type: uniform, prompts_per_step: 4, rollouts_per_prompt: 6}", "--set", "advantage={type: rloo}");

        Assert.True(result.Code == 0, result.Error);
        var own = JsonNode.Parse(result.Out)!["allocators"]!["recipe"]!;
        Assert.Equal((96, 64, 32), (Whole(own, "planned"), Whole(own, "rollouts"), Whole(own, "shortfall")));
        Assert.Equal(0, (double)own["other_decision"]!["mean"]!);
        var passRate = Query("select avg(cast(status = 'correct' as int)) as p from rollouts");
        Assert.Equal((double)passRate["p"]!, (double)own["pass_rate"]!["mean"]!, 12);
        var metrics = TrainingProgram.Rows(_program.At("again", "recipe", "seed-3", "metrics.jsonl"));
        Assert.Equal(4, metrics.Count);
        Assert.All(metrics, m => Assert.Equal((24, 8), ((int)m["replay/planned"]!, (int)m["replay/shortfall"]!)));

        // Half of each prompt's rollouts: a subset, drawn without replacement.
        var half = _program.Run("replay", "run", "--json", "--run-dir", "half", "--set", "budget.rollouts_per_prompt=2");
        Assert.Equal((32, 32, 0), (Whole(JsonNode.Parse(half.Out)!["allocators"]!["recipe"]!, "planned"), Whole(JsonNode.Parse(half.Out)!["allocators"]!["recipe"]!, "rollouts"), Whole(JsonNode.Parse(half.Out)!["allocators"]!["recipe"]!, "shortfall")));
    }

    [Fact]
    public void What_cannot_be_replayed_is_one_line()
    {
        File.WriteAllText(_program.At("odd.jsonl"), "{\"a\":1}\n");
        File.WriteAllText(_program.At("broken.jsonl"), "{\"input\":\"q\",\"output\":\"a\",\"gts\":\"1\",\"score\":1,\"step\":1}\n{\"input\":\"q\",\"output\":\"a\",\"gts\":\"1\",\"score\":\"x\",\"step\":1}\n");
        File.WriteAllText(_program.At("any.yaml"), "verifier: { type: numeric }\nreplay: {}\n");

        File.WriteAllText(_program.At("whole.jsonl"), "{\"input\":\"q\",\"output\":\"a\",\"gts\":\"1\",\"score\":1,\"step\":1}\n");
        File.WriteAllText(_program.At("seeded.yaml"), "verifier: { type: numeric }\nreplay: {}\nbudget: { type: xrpo, prompts_per_step: 1 }\nseeding: {}\n");

        AssertRefused("no recipe says what to do with this log", "odd.jsonl");
        AssertRefused("odd.jsonl:1: no log that is known", "odd.jsonl", "--recipe", "any.yaml");
        AssertRefused("broken.jsonl:2: field 'score' must be a number", "broken.jsonl", "--recipe", "any.yaml");
        AssertRefused("nowhere.jsonl: no such file", "nowhere.jsonl", "--recipe", "any.yaml");
        AssertRefused("names no log", "any.yaml");
        AssertRefused("seeding: asks questions anew", "whole.jsonl", "--recipe", "seeded.yaml");
        AssertRefused("belong to the exact replay", "odd.jsonl", "--recipe", "any.yaml", "--step", "1");
    }

    private static int Whole(JsonNode measures, string name) => (int)(double)measures[name]!["mean"]!;

    private void AssertRefused(string reason, params string[] arguments)
    {
        var result = _program.Run(["replay", .. arguments]);
        Assert.NotEqual(0, result.Code);
        Assert.Contains(reason, Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private void Train(string run, params string[] settings)
    {
        string[] all = ["training.steps=4", "evaluation.every=0", .. settings];
        var result = _program.Run(["train", "tiny.yaml", "--run-dir", run, .. all.SelectMany(s => new[] { "--set", s })]);
        Assert.True(result.Code == 0, result.Error);
    }

    private JsonNode Query(string sql)
    {
        var result = _program.Run("query", "run", sql, "--json");
        Assert.True(result.Code == 0, result.Error);
        return JsonNode.Parse(result.Out)!.AsArray()[0]!;
    }
}
