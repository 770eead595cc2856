using System.Diagnostics;
using System.Text.Json.Nodes;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>An interrupted run that is resumed ends as one that was never interrupted.</summary>
public sealed class ResumeTests : IDisposable
{
    private static readonly string[] Settings = ["--set", "training.steps=12", "--set", "checkpoint.every=3", "--set", "evaluation.every=4"];

    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void Stopped_again_and_again_by_any_signal_it_ends_the_same(string signal)
    {
        Train("whole");
        var process = Start("cut", "train", "tiny.yaml");
        foreach (var rows in (int[])[1, 3, 6, 8])
        {
            Stop(process, signal, "cut", rows);
            process.Dispose();
            process = _program.Start("resume", "cut");
        }

        var last = TrainingProgram.Finish(process);
        process.Dispose();

        Assert.Equal("", last.Error);
        Assert.Equal(0, last.Code);
        AssertSame("whole", "cut");
    }

    /// <summary>With rounds and examples, whose corpus a checkpoint must bring back; the warmed-up policy solves some problems.</summary>
    [Fact]
    public void A_run_with_examples_ends_the_same_and_stores_the_prompts_that_were_sampled_from()
    {
        string[] seeding =
        [
            "--set", $"model={{ path: {TrainingProgram.Warmup} }}", "--set", "tokenizer.type=model", "--set", "rollout.max_new_tokens=48",
            "--set", "budget={ type: xrpo, prompts_per_step: 4, rollouts_per_prompt: 4, first_round: 2, round_rollouts: 4 }", "--set", "seeding={}",
            "--set", "optimizer.learning_rate=1.0e-5", "--set", "sft=null",
        ];
        Assert.Equal(0, _program.Run(["train", "tiny.yaml", "--run-dir", "whole", .. Settings, .. seeding]).Code);
        var process = Start("cut", ["train", "tiny.yaml", .. seeding]);
        Stop(process, "KILL", "cut", 7);
        process.Dispose();

        Assert.Equal(0, _program.Run("resume", "cut").Code);

        AssertSame("whole", "cut");
        Assert.Contains(Files("cut"), f => f.EndsWith("examples.json", StringComparison.Ordinal));
        var rows = _program.Run(
            "query", "cut", "select count(*) as n, count(*) filter (len(prompt_token_ids) = len(prompt) and prompt like '%! ' || answer || '=') as whole "
            + "from rollouts where len(example_prompts) > 0", "--csv").Out.Trim().Split('\n');
        var counts = rows[1].Split(',').Select(int.Parse).ToArray();
        Assert.True(counts[0] > 0 && counts[0] == counts[1], rows[1]);
    }

    /// <summary>Checkpoints hold the adapter alone; the model under it is opened again, and is the reference of the KL term.</summary>
    [Fact]
    public void A_run_of_an_adapter_ends_the_same_and_keeps_no_second_model()
    {
        string[] lora =
        [
            "--set", $"model={{ path: {TrainingProgram.Warmup}, lora: {{ rank: 4, dropout: 0.1, targets: [q_proj, up_proj] }} }}", "--set", "tokenizer.type=model",
            "--set", "sft=null", "--set", "rollout.max_new_tokens=40", "--set", "optimizer.learning_rate=1.0e-3", "--set", "loss.kl_coefficient=0.01",
        ];
        Assert.Equal(0, _program.Run(["train", "tiny.yaml", "--run-dir", "whole", .. Settings, .. lora]).Code);
        var process = Start("cut", ["train", "tiny.yaml", .. lora]);
        Stop(process, "KILL", "cut", 7);
        process.Dispose();

        Assert.Equal(0, _program.Run("resume", "cut").Code);

        AssertSame("whole", "cut");
        Assert.Contains(Files("cut"), f => f.EndsWith("step-000012/adapter_model.safetensors", StringComparison.Ordinal));
        Assert.DoesNotContain(Files("cut"), f => f.EndsWith("model.safetensors", StringComparison.Ordinal) && !f.Contains("adapter", StringComparison.Ordinal));
        Assert.False(Directory.Exists(_program.At("whole", "reference")));
        Assert.True((double)TrainingProgram.Rows(_program.At("whole", "metrics.jsonl"))[^1]["actor/kl_loss"]! > 0);
    }

    [Fact]
    public void A_damaged_checkpoint_is_passed_over_with_a_line_that_says_so()
    {
        Train("whole");
        Train("cut");
        var weights = _program.At("cut", "checkpoints", "step-000012", "model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        bytes[^5] ^= 1;
        File.WriteAllBytes(weights, bytes);

        var result = _program.Run("resume", "cut");

        Assert.Equal(0, result.Code);
        Assert.Contains("step-000012 is damaged (model.safetensors does not match its checksum)", result.Out + result.Error, StringComparison.Ordinal);
        Assert.Contains("going on after step 9 of 12", result.Out + result.Error, StringComparison.Ordinal);
        AssertSame("whole", "cut");
    }

    /// <summary>Killed when its last checkpoint was in place and what that replaces was not all deleted: there is no step left to do it at.</summary>
    [Fact]
    public void What_a_kill_left_of_older_checkpoints_is_gone_after_the_resume()
    {
        Train("whole");
        Train("cut");
        string Checkpoint(string name) => _program.At("cut", "checkpoints", name);
        foreach (var left in (string[])["step-000003", "step-000006", "step-000006.deleted", "step-000012.unfinished"])
        {
            Directory.CreateDirectory(Checkpoint(left));
            File.Copy(Path.Combine(Checkpoint("step-000009"), "state.json"), Path.Combine(Checkpoint(left), "state.json"));
        }

        var result = _program.Run("resume", "cut");

        Assert.Equal("", result.Error);
        Assert.Equal(0, result.Code);
        AssertSame("whole", "cut");
    }

    /// <summary>Killed after the checkpoint of step 6 or a later one: what stood before it must be whole, what came after is done again.</summary>
    [Theory]
    [InlineData("metrics.jsonl", "steps 1 to 3")]
    [InlineData("rollouts.jsonl", "steps 1 to 3")]
    [InlineData("budgets.jsonl", "steps 1 to 3")]
    [InlineData("recipe.yaml", "the run's start")]
    [InlineData("rollouts/step-000005.parquet", "step 5")]
    public void Damage_to_what_a_killed_run_wrote_is_told_with_file_and_step(string name, string steps)
    {
        var process = Start("cut", "train", "tiny.yaml");
        Stop(process, "KILL", "cut", 9);
        process.Dispose();
        var (file, pristine) = (_program.At("cut", name), File.ReadAllBytes(_program.At("cut", name)));
        var metrics = File.ReadAllBytes(_program.At("cut", "metrics.jsonl"));

        // A digit or a letter becomes another, which no parser would see.
        var damaged = pristine.ToArray();
        damaged[10] ^= 1;
        File.WriteAllBytes(file, damaged);
        var refused = _program.Run("resume", "cut");

        Assert.Equal(1, refused.Code);
        Assert.Contains($"{name} does not match its checksum", refused.Error, StringComparison.Ordinal);
        Assert.Contains(steps, Assert.Single(refused.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        File.WriteAllBytes(file, pristine);
        Assert.Equal(metrics, File.ReadAllBytes(_program.At("cut", "metrics.jsonl")));

        var checkpoint = Directory.GetDirectories(_program.At("cut", "checkpoints"), "step-??????").Select(Path.GetFileName).Max(StringComparer.Ordinal);
        foreach (var later in Directory.GetFiles(_program.At("cut", "rollouts"), "*.parquet").Where(f => string.CompareOrdinal(Path.GetFileNameWithoutExtension(f), checkpoint) > 0))
        {
            File.WriteAllText(later, "done again");
        }

        Train("whole");
        Assert.Equal(0, _program.Run("resume", "cut").Code);
        AssertSame("whole", "cut");
    }

    [Fact]
    public void When_every_checkpoint_is_damaged_nothing_is_touched()
    {
        Train("run");
        foreach (var folder in Directory.GetDirectories(_program.At("run", "checkpoints")))
        {
            File.Delete(Path.Combine(folder, "optimizer.safetensors"));
        }

        var metrics = File.ReadAllBytes(_program.At("run", "metrics.jsonl"));
        var result = _program.Run("resume", "run");

        Assert.Equal(2, result.Code);
        Assert.Contains("every checkpoint is damaged", result.Error, StringComparison.Ordinal);
        Assert.Equal(metrics, File.ReadAllBytes(_program.At("run", "metrics.jsonl")));
    }

    [Fact]
    public void Resuming_a_finished_run_measures_it_again_and_changes_nothing()
    {
        Train("whole");
        Train("again");

        var result = _program.Run("resume", "again", "--json");

        Assert.Equal(0, result.Code);
        Assert.Equal(12, (int)JsonNode.Parse(result.Out)!["steps"]!);
        AssertSame("whole", "again");
    }

    [Fact]
    public void The_best_checkpoint_is_kept_beside_the_newest()
    {
        Assert.Equal(0, _program.Run(["train", "tiny.yaml", "--run-dir", "run", .. Settings, "--set", "checkpoint.keep_last=1", "--set", "checkpoint.keep_best=true"]).Code);

        var evaluated = TrainingProgram.Rows(_program.At("run", "metrics.jsonl"))
            .Where(row => (int)row["step"]! > 0 && row.ContainsKey("val-core/heldout/acc/mean@4"))
            .ToDictionary(row => (int)row["step"]!, row => (double)row["val-core/heldout/acc/mean@4"]!);
        var best = evaluated.OrderByDescending(e => e.Value).ThenBy(e => e.Key).First().Key;
        var kept = Directory.GetDirectories(_program.At("run", "checkpoints")).Select(Path.GetFileName).Order();
        Assert.Equal(new[] { $"step-{best:D6}", "step-000012" }.Distinct().Order(), kept);
    }

    [Fact]
    public void One_process_at_a_time_writes_to_a_run()
    {
        using var process = Start("run", "train", "tiny.yaml", "--set", "training.steps=100000");
        WaitForRows("run", 2);

        var second = _program.Run("resume", "run");
        Stop(process, "KILL", "run", 2);

        Assert.Equal(1, second.Code);
        Assert.Contains("another run is writing to", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_interrupted_training_run_is_refused_in_one_line()
    {
        Directory.CreateDirectory(_program.At("empty"));
        Assert.Equal(0, _program.Run("sft", "tiny.yaml", "--run-dir", "warm").Code);

        AssertRefused("empty", "has no run.json");
        AssertRefused("nowhere", "has no run.json");
        AssertRefused("warm", "is not a training run");
    }

    private void AssertRefused(string folder, string reason)
    {
        var result = _program.Run("resume", folder);
        Assert.Equal(1, result.Code);
        Assert.Contains(reason, Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private void Train(string run) => Assert.Equal(0, _program.Run(["train", "tiny.yaml", "--run-dir", run, .. Settings]).Code);

    private Process Start(string run, params string[] command) => _program.Start([.. command, "--run-dir", run, .. Settings]);

    private void Stop(Process process, string signal, string run, int rows)
    {
        WaitForRows(run, rows);
        using (var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]))
        {
            kill.WaitForExit();
        }

        TrainingProgram.Finish(process);
    }

    private void WaitForRows(string run, int rows)
    {
        var (metrics, deadline) = (_program.At(run, "metrics.jsonl"), DateTime.UtcNow.AddMinutes(2));
        while (!(File.Exists(metrics) && File.ReadAllLines(metrics).Length >= rows) && DateTime.UtcNow < deadline)
        {
            Thread.Sleep(5);
        }
    }

    private void AssertSame(string whole, string cut)
    {
        Assert.Equal(TrainingProgram.Timeless(_program.At(whole, "metrics.jsonl")), TrainingProgram.Timeless(_program.At(cut, "metrics.jsonl")));
        Assert.Equal(File.ReadAllText(_program.At(whole, "rollouts.jsonl")), File.ReadAllText(_program.At(cut, "rollouts.jsonl")));
        Assert.Equal(12, Directory.GetFiles(_program.At(cut, "rollouts")).Length);
        Assert.Equal(File.ReadAllText(_program.At(whole, "trees.jsonl")), File.ReadAllText(_program.At(cut, "trees.jsonl")));
        Assert.Equal(Files(whole), Files(cut));
        foreach (var file in Files(whole))
        {
            Assert.True(File.ReadAllBytes(_program.At(whole, "checkpoints", file)).SequenceEqual(File.ReadAllBytes(_program.At(cut, "checkpoints", file))), file);
        }

        var (a, b) = (Summary(whole), Summary(cut));
        foreach (var key in (string[])["initial", "final", "steps", "rollouts_total", "tokens_generated", "tokens_trained", "seed", "recipe_hash", "stopped"])
        {
            Assert.True(JsonNode.DeepEquals(a[key], b[key]), key);
        }
    }

    private JsonNode Summary(string run) => JsonNode.Parse(File.ReadAllText(_program.At(run, "summary.json")))!;

    private List<string> Files(string run)
    {
        var folder = _program.At(run, "checkpoints");
        return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f)).Order(StringComparer.Ordinal)];
    }
}
