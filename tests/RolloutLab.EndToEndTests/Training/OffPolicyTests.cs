using System.Globalization;
using System.Text.Json.Nodes;
using RolloutLab.EndToEndTests.CommandLine;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>Training on logs: a run's own, and such as verl and TRL write.</summary>
public sealed class OffPolicyTests : IDisposable
{
    private static readonly string[] Corrected = ["--recipe", "tiny.yaml", "--train", "--set", "sft=null", "--set", "evaluation.every=0", "--set", "loss.old_log_probs=recompute", "--set", "loss.correction={level: token, max: 2}"];

    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact]
    public void The_policy_that_made_a_log_has_weights_of_1_in_its_first_step_and_drifts_from_it_after()
    {
        string[] able =
        [
            "--set", $"model={{path: {TrainingProgram.Warmup}}}", "--set", "tokenizer.type=model", "--set", "rollout.max_new_tokens=72", "--set", "budget.prompts_per_step=16",
            "--set", "training.steps=4", "--set", "checkpoint.every=4",
        ];
        Assert.Equal(0, _program.Run(["train", "tiny.yaml", "--run-dir", "run", "--set", "sft=null", "--set", "evaluation.every=0", .. able]).Code);

        // With the run's own learning rate the policy would follow the one that sampled, step for step.
        var result = Replay("off", ["run", .. able, "--set", "optimizer.learning_rate=3.0e-3", "--set", "replay.min_effective_share=0"]);

        Assert.True(result.Code == 0, result.Error);
        var rows = TrainingProgram.Rows(_program.At("off", "metrics.jsonl")).Where(r => (int)r["step"]! > 0).ToList();
        Assert.Equal(4, rows.Count);
        Assert.Equal(1, (double)rows[0]["replay/effective_share"]!, 1e-6);
        Assert.Equal(1, (double)rows[0]["replay/weight/max"]!, 1e-3);
        Assert.Contains(rows[1..], r => (double)r["replay/weight/max"]! > 1.001);
        Assert.All(rows, r => Assert.Equal((64, 0, 0), ((int)r["replay/planned"]!, (int)r["replay/shortfall"]!, (int)r["replay/substituted_tokens"]!)));
        Assert.True(Directory.Exists(_program.At("off", "checkpoints", "step-000004")));
    }

    [Theory]
    [InlineData("verl")]
    [InlineData("trl")]
    public void A_log_without_log_probs_is_refused_or_trained_without_a_ratio(string format)
    {
        WriteForeign(format);

        var refused = Replay("never", "log.jsonl");
        Assert.Equal(2, refused.Code);
        Assert.Contains("replay.missing_log_probs = refuse", Assert.Single(refused.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_program.At("never")));

        var result = Replay("off", "log.jsonl", "--set", "replay={missing_log_probs: policy, verdicts: logged}", "--json");
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(3, (int)JsonNode.Parse(result.Out)!["steps"]!);
        var rows = TrainingProgram.Rows(_program.At("off", "metrics.jsonl")).Where(r => (int)r["step"]! > 0).ToList();

        // "1+2" to "1+6" of 4 tokens each with the end token, half of them right; 8 planned, 8 there.
        Assert.All(rows, r => Assert.Equal((8 * 4, 1.0, 0.5), ((int)r["replay/substituted_tokens"]!, (double)r["replay/weight/mean"]!, (double)r["train/pass_rate"]!)));
        Assert.All(rows, r => Assert.Equal(1, (double)r["actor/ratio/mean"]!, 1e-6));
    }

    [Fact]
    public void A_step_too_far_from_the_policy_is_refused_with_what_to_do()
    {
        Train("run", steps: 2);

        // Another policy than the one that made the log.
        var result = Replay("off", "run", "--set", "seed=11", "--set", "replay.min_effective_share=0.999");

        Assert.Equal(1, result.Code);
        var line = Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.Contains("step 1: the importance weights leave an effective share of 0.", line, StringComparison.Ordinal);
        Assert.Contains("below replay.min_effective_share = 0.999", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Killed_and_resumed_it_ends_the_same()
    {
        Train("run", steps: 12);
        string[] settings = ["--set", "training.steps=12", "--set", "checkpoint.every=2", "--set", "replay.min_effective_share=0"];
        Assert.Equal(0, Replay("whole", ["run", .. settings]).Code);
        using (var process = _program.Start(["replay", "run", .. Corrected, .. settings, "--run-dir", "cut"]))
        {
            var metrics = _program.At("cut", "metrics.jsonl");
            for (var deadline = DateTime.UtcNow.AddMinutes(2); !(File.Exists(metrics) && File.ReadAllLines(metrics).Length >= 6) && DateTime.UtcNow < deadline;)
            {
                Thread.Sleep(5);
            }

            process.Kill();
            TrainingProgram.Finish(process);
        }

        var resumed = _program.Run("resume", "cut");

        Assert.True(resumed.Code == 0, resumed.Error);
        Assert.Contains("going on after step", resumed.Out + resumed.Error, StringComparison.Ordinal);
        Assert.Equal(TrainingProgram.Timeless(_program.At("whole", "metrics.jsonl")), TrainingProgram.Timeless(_program.At("cut", "metrics.jsonl")));
        Assert.Equal(
            File.ReadAllBytes(_program.At("whole", "checkpoints", "step-000012", "model.safetensors")),
            File.ReadAllBytes(_program.At("cut", "checkpoints", "step-000012", "model.safetensors")));
    }

    [Theory]
    [InlineData("recompose={stages: [self_explanation]}", "recompose.stages: self_explanation")]
    [InlineData("advantage={type: remax}", "advantage.type = remax")]
    [InlineData("loss.correction=null", "loss.correction")]
    public void A_recipe_that_needs_more_than_the_log_is_one_line(string setting, string reason)
    {
        Train("run", steps: 1);

        var result = Replay("off", "run", "--set", setting);

        Assert.Equal(2, result.Code);
        Assert.Contains(reason, Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_program.At("off")));
    }

    [Fact]
    public void An_exact_replay_of_a_step_goes_on_from_the_checkpoint_before_it()
    {
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "run", "--set", "training.steps=6", "--set", "checkpoint.keep_last=3").Code);

        var late = _program.Run("replay", "run", "--train", "--step", "6", "--run-dir", "late");
        Assert.True(late.Code == 0, late.Out + late.Error);
        Assert.Contains("replaying from the checkpoint of step 4", late.Out + late.Error, StringComparison.Ordinal);
        Assert.Contains("exact:", late.Out, StringComparison.Ordinal);
        Assert.Equal([5, 6], TrainingProgram.Rows(_program.At("late", "metrics.jsonl")).Select(r => (int)r["step"]!));

        var early = _program.Run("replay", "run", "--train", "--step", "2", "--json");
        Assert.True(early.Code == 0, early.Out + early.Error);
        Assert.Contains("no checkpoint before step 2 is kept; replaying from step 1", early.Error, StringComparison.Ordinal);
        Assert.True((bool)JsonNode.Parse(early.Out)!["exact"]!);
    }

    private void Train(string run, int steps)
    {
        var result = _program.Run(
            "train", "tiny.yaml", "--run-dir", run, "--set", string.Create(CultureInfo.InvariantCulture, $"training.steps={steps}"), "--set", "sft=null", "--set", "evaluation.every=0");
        Assert.True(result.Code == 0, result.Error);
    }

    private CallResult Replay(string run, string log, params string[] arguments) => Replay(run, [log, .. arguments]);

    private CallResult Replay(string run, string[] arguments) =>
        _program.Run(["replay", arguments[0], .. Corrected, .. arguments[1..], "--run-dir", run]);

    /// <summary>3 steps of 2 prompts with 4 rollouts; every second is right.</summary>
    private void WriteForeign(string format) => File.WriteAllLines(
        _program.At("log.jsonl"),
        from step in Enumerable.Range(1, 3)
        from prompt in Enumerable.Range(1, 2)
        from rollout in Enumerable.Range(0, 4)
        let text = $"1+{rollout + 2}"
        let reward = rollout % 2
        select format == "verl"
            ? $$"""{"input":"{{prompt}} 2 3=","output":"{{text}}","gts":"6","score":{{reward}},"step":{{step}}}"""
            : $$"""{"prompt":"{{prompt}} 2 3=","completion":"{{text}}","solution":"6","accuracy_reward":{{reward}},"advantage":0.5,"step":{{step}}}""");
}
