using System.Diagnostics;
using System.Text.Json.Nodes;

namespace RolloutLab.EndToEndTests.Training;

public sealed class TrainTests : IDisposable
{
    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact]
    public void A_run_leaves_recipe_metrics_rollouts_checkpoints_and_summary()
    {
        var result = _program.Run("train", "tiny.yaml", "--run-dir", "run", "--json");

        Assert.Equal(0, result.Code);
        var summary = JsonNode.Parse(result.Out)!;
        Assert.EndsWith(Path.DirectorySeparatorChar + "run", (string)summary["run_directory"]!, StringComparison.Ordinal);
        var written = JsonNode.Parse(File.ReadAllText(_program.At("run", "summary.json")))!;
        Assert.All(written.AsObject(), pair => Assert.True(JsonNode.DeepEquals(pair.Value, summary[pair.Key]), pair.Key));
        Assert.Equal((3, 24, 3), ((int)summary["steps"]!, (int)summary["rollouts_total"]!, (int)summary["seed"]!));
        string[] keys = ["initial", "final", "tokens_generated", "tokens_trained", "wall_seconds", "peak_memory_bytes", "recipe_hash"];
        Assert.All(keys, key => Assert.NotNull(summary[key]));
        Assert.Equal(["rollout", "verify", "advantage", "update", "eval"], summary["seconds"]!.AsObject().Select(p => p.Key));
        Assert.Equal([0, 1, 2, 3], Metrics("run").Select(row => (int)row["step"]!));
        Assert.True(Metrics("run").Where(row => row.ContainsKey("val-core/heldout/acc/mean@4")).Select(row => (int)row["step"]!).SequenceEqual([0, 2, 3]));
        Assert.Equal(["step-000002", "step-000003"], Directory.GetDirectories(_program.At("run", "checkpoints")).Select(Path.GetFileName).Order());
        Assert.True(File.ReadAllLines(_program.At("run", "rollouts.jsonl")).Length >= 3);
        Assert.Equal(0, _program.Run("recipe", "check", "run/recipe.yaml").Code);
    }

    [Fact]
    public void The_same_recipe_and_seed_give_the_same_bytes()
    {
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "a").Code);
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "b").Code);

        Assert.Equal(Timeless("a", "metrics.jsonl"), Timeless("b", "metrics.jsonl"));
        Assert.Equal(Timeless("a", "sft-metrics.jsonl"), Timeless("b", "sft-metrics.jsonl"));
        foreach (var file in (string[])["rollouts.jsonl", "checkpoints/step-000003/model.safetensors", "checkpoints/step-000003/optimizer.safetensors"])
        {
            Assert.Equal(File.ReadAllBytes(_program.At("a", file)), File.ReadAllBytes(_program.At("b", file)));
        }

        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "c", "--seed", "4").Code);
        Assert.NotEqual(File.ReadAllText(_program.At("a", "rollouts.jsonl")), File.ReadAllText(_program.At("c", "rollouts.jsonl")));
    }

    [Fact]
    public void Engine_and_trainer_agree_on_the_log_probs_of_every_rollout()
    {
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "run").Code);

        var trained = Metrics("run").Skip(1).ToList();
        Assert.Equal(3, trained.Count);
        Assert.All(trained, row => Assert.InRange((double)row["sampling/sampling_logp_difference/max"]!, 0, 1e-4));
        Assert.All(trained, row => Assert.InRange((double)row["actor/pg_clipfrac"]!, 0, 0));
        Assert.InRange((double)trained[0]["actor/kl_loss"]!, -1e-6, 1e-6);
    }

    /// <summary>From scratch nothing is solved, so every prompt is explained; before the first update the policy is the reference.</summary>
    [Theory]
    [InlineData("remax", true)]
    [InlineData("optimal_token_baseline", false)]
    public void Estimators_that_need_more_than_rewards_get_it_and_what_it_costs_is_counted(string estimator, bool isGreedy)
    {
        var result = _program.Run(
            "train", "tiny.yaml", "--run-dir", "run", "--json", "--set", $"advantage={{ type: {estimator} }}", "--set", "loss.kl_placement=reward",
            "--set", "recompose={ stages: [self_explanation], self_explanation: { rollouts: 3, template: \"{answer} {prompt}\" } }");

        Assert.Equal(0, result.Code);
        var steps = Metrics("run").Skip(1).ToList();
        Assert.InRange(Math.Abs((double)steps[0]["actor/reward_kl_penalty"]!), 0, 1e-6);
        Assert.NotEqual(0, (double)steps[2]["actor/reward_kl_penalty"]!);
        Assert.All(steps, row => Assert.DoesNotContain("actor/kl_loss", row.Select(p => p.Key)));
        Assert.All(steps, row => Assert.Equal(isGreedy, row.ContainsKey("critic/greedy_reward/mean")));
        Assert.All(steps, row => Assert.Equal(6 + (isGreedy ? 2 : 0), (int)row["beside/rollouts"]!));
        Assert.All(steps, row => Assert.Equal(6, (int)row["explanation/rollouts"]!));
        Assert.Equal(24 + steps.Sum(row => (int)row["beside/rollouts"]!), (int)JsonNode.Parse(result.Out)!["rollouts_total"]!);
    }

    [Fact]
    public void Evaluating_the_run_repeats_its_final_score()
    {
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "run").Code);
        var final = JsonNode.Parse(File.ReadAllText(_program.At("run", "summary.json")))!["final"]!;

        var result = _program.Run("eval", "run", "--json");

        Assert.Equal(0, result.Code);
        var again = JsonNode.Parse(result.Out)!["final"]!;
        Assert.Equal((double)final["pass_at_1"]!, (double)again["pass_at_1"]!);
        Assert.Equal((double)final["response_length"]!, (double)again["response_length"]!);
    }

    [Fact]
    public void A_trained_model_folder_starts_another_run()
    {
        Assert.Equal(0, _program.Run("sft", "tiny.yaml", "--run-dir", "warm").Code);
        var recipe = File.ReadAllText(_program.At("tiny.yaml"));
        var from = recipe.IndexOf("model:", StringComparison.Ordinal);
        var to = recipe.IndexOf("data:", StringComparison.Ordinal);
        var sft = recipe.IndexOf("sft:", StringComparison.Ordinal);
        File.WriteAllText(_program.At("next.yaml"), $"{recipe[..from]}model: {{ path: warm/checkpoints/step-000004 }}\n{recipe[to..sft]}");

        var result = _program.Run("train", "next.yaml", "--run-dir", "run");

        Assert.Equal((0, ""), (result.Code, result.Error));
    }

    [Fact]
    public void An_interrupt_ends_after_the_step_with_everything_written()
    {
        using var process = _program.Start("train", "tiny.yaml", "--run-dir", "run", "--set", "training.steps=100000", "--set", "evaluation.every=0");
        var metrics = _program.At("run", "metrics.jsonl");
        var deadline = DateTime.UtcNow.AddMinutes(2);
        while (!(File.Exists(metrics) && File.ReadAllLines(metrics).Length >= 4) && DateTime.UtcNow < deadline)
        {
            Thread.Sleep(50);
        }

        using (var kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            kill.WaitForExit();
        }

        var result = TrainingProgram.Finish(process);

        Assert.Equal(130, result.Code);
        var summary = JsonNode.Parse(File.ReadAllText(_program.At("run", "summary.json")))!;
        Assert.Equal("interrupted", (string)summary["stopped"]!);
        var steps = (long)summary["steps"]!;
        Assert.Equal(steps, (long)Metrics("run")[^1]["step"]!);
        Assert.True(Directory.Exists(_program.At("run", "checkpoints", $"step-{steps:D6}")));
    }

    private List<JsonObject> Metrics(string run) => TrainingProgram.Rows(_program.At(run, "metrics.jsonl"));

    private string Timeless(string run, string file) => TrainingProgram.Timeless(_program.At(run, file));
}
