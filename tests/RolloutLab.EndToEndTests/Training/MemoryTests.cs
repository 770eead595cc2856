using System.Text.Json.Nodes;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>What `doctor` says of a recipe's memory against what its run then takes, in processes of their own.</summary>
public sealed class MemoryTests : IDisposable
{
    private static readonly string[] Medium =
    [
        "--set", "model.config={ hidden_size: 256, layers: 6, heads: 4, kv_heads: 2, intermediate_size: 768, max_positions: 160 }",
        "--set", "sft=null", "--set", "training.steps=1", "--set", "evaluation={ every: 0, rollouts: 1, pass_at: [1] }",
        "--set", "rollout.max_new_tokens=128", "--set", "budget.prompts_per_step=32", "--set", "budget.rollouts_per_prompt=16",
        "--set", "engine.max_batch=64", "--set", "engine.max_step_tokens=256", "--set", "reward={ cosine: { weight: 1 } }",
    ];

    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    /// <summary>Activations are over half of it without checkpoints, weights and moments with them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_prediction_is_within_15_percent_of_what_is_used(bool checkpointed)
    {
        var parts = PredictedParts([.. Medium, "--set", "update.micro_batch_tokens=4096", "--set", $"update.gradient_checkpointing={(checkpointed ? "true" : "false")}"]);

        Assert.Equal(checkpointed, parts["activations"] < 200L << 20);
    }

    /// <summary>The adapter's own activations and workspace; gradients and moments are its alone.</summary>
    [Fact]
    public void So_is_that_of_an_adapter()
    {
        var small = _program.Run(["train", "tiny.yaml", "--run-dir", "base", .. Medium, "--set", "budget.prompts_per_step=1", "--set", "budget.rollouts_per_prompt=2"]);
        Assert.True(small.Code == 0, small.Error);
        var model = _program.At("base", "checkpoints", "step-000001");

        var parts = PredictedParts([.. Medium[2..], "--set", $"model={{ path: {model}, lora: {{ rank: 16 }} }}", "--set", "update.micro_batch_tokens=4096"]);

        Assert.Equal(2 * parts["gradients"], parts["moments"]);
        Assert.True(10 * parts["gradients"] < parts["weights"]);
    }

    /// <summary>A warm-up over a vocabulary of 151,936: weights, moments and the head's gradients are most of it.</summary>
    [Fact]
    public void So_is_that_of_a_large_vocabulary()
    {
        var parts = PredictedParts(
        [
            .. Medium[2..],
            "--set", "model.config={ vocabulary_size: 151936, hidden_size: 64, layers: 2, heads: 4, kv_heads: 2, intermediate_size: 192, max_positions: 160 }",
            "--set", "sft={ data: { type: countdown_traces, path: train.jsonl }, steps: 2, sequences_per_step: 160, micro_batch_tokens: 4096 }",
            "--set", "budget.prompts_per_step=1", "--set", "budget.rollouts_per_prompt=4", "--set", "evaluation.max_new_tokens=2", "--set", "loss.kl_coefficient=0",
        ]);

        Assert.True(parts["vocabulary workspace"] > parts["weights"]);
    }

    [Fact]
    public void What_cannot_fit_is_refused_before_a_weight_is_read_and_names_the_keys()
    {
        string[] sets = ["--set", "model.config={ hidden_size: 16384, layers: 64, heads: 128, kv_heads: 8, intermediate_size: 53248, max_positions: 2048 }"];

        var train = _program.Run(["train", "tiny.yaml", "--run-dir", "run", .. sets]);
        var doctor = _program.Run(["doctor", "tiny.yaml", "--json", .. sets]);

        Assert.Equal(2, train.Code);
        var line = Assert.Single(train.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => l.StartsWith("rolloutlab:", StringComparison.Ordinal));
        Assert.Contains("training needs about", line, StringComparison.Ordinal);
        Assert.Contains("change model", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_program.At("run")));
        Assert.Equal(1, doctor.Code);
        Assert.False((bool)JsonNode.Parse(doctor.Out)!["memory"]!["fits"]!);
    }

    [Fact]
    public void Checkpointed_layers_train_to_the_same_bytes()
    {
        foreach (var (folder, checkpointed) in new[] { ("whole", "false"), ("layers", "true") })
        {
            var result = _program.Run("train", "tiny.yaml", "--run-dir", folder, "--set", $"update.gradient_checkpointing={checkpointed}");
            Assert.True(result.Code == 0, result.Error);
        }

        Assert.Equal(TrainingProgram.Timeless(_program.At("whole", "metrics.jsonl")), TrainingProgram.Timeless(_program.At("layers", "metrics.jsonl")));
        Assert.Equal(Weights("whole"), Weights("layers"));
    }

    /// <summary>A checkpoint holds the float32 master, so a run that stopped half way goes on to the same bytes.</summary>
    [Fact]
    public void Bfloat16_trains_resumes_to_the_same_bytes_and_keeps_a_float32_master()
    {
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "whole", "--set", "dtype=bfloat16").Code);
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "float32").Code);
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "half", "--set", "dtype=bfloat16").Code);
        foreach (var file in Directory.EnumerateFiles(_program.At("half"), "summary.json").Append(_program.At("half", "checksums.json")))
        {
            File.Delete(file);
        }

        Directory.Delete(_program.At("half", "checkpoints", "step-000003"), recursive: true);
        var resumed = _program.Run("resume", "half");

        Assert.True(resumed.Code == 0, resumed.Error);
        Assert.Equal(TrainingProgram.Timeless(_program.At("whole", "metrics.jsonl")), TrainingProgram.Timeless(_program.At("half", "metrics.jsonl")));
        Assert.Equal(Weights("whole"), Weights("half"));
        Assert.NotEqual(Weights("float32"), Weights("whole"));
        Assert.Contains("\"F32\"", System.Text.Encoding.ASCII.GetString(Weights("whole").AsSpan(0, 2000)), StringComparison.Ordinal);
        var row = TrainingProgram.Rows(_program.At("whole", "metrics.jsonl"))[^1];
        Assert.InRange((double)row["sampling/sampling_logp_difference/mean"]!, 0, 1e-4);
        Assert.Equal(0, _program.Run("eval", "whole").Code);
    }

    /// <summary>Predicts, runs, compares; the prediction's parts.</summary>
    private Dictionary<string, long> PredictedParts(string[] sets)
    {
        var doctor = _program.Run(["doctor", "tiny.yaml", "--json", .. sets]);
        var train = _program.Run(["train", "tiny.yaml", "--run-dir", "run", "--json", .. sets]);

        Assert.True(doctor.Code == 0 && train.Code == 0, doctor.Error + train.Error);
        var memory = JsonNode.Parse(doctor.Out)!["memory"]!;
        var (predicted, used) = ((long)memory["total_bytes"]!, (long)JsonNode.Parse(train.Out)!["peak_memory_bytes"]!);
        Assert.True((bool)memory["fits"]!);
        Assert.True(predicted > 0.85 * used && predicted < 1.15 * used, $"predicted {predicted}, used {used}");
        return memory["parts"]!.AsArray().ToDictionary(p => (string)p!["name"]!, p => (long)p!["bytes"]!);
    }

    private byte[] Weights(string run) => File.ReadAllBytes(_program.At(run, "checkpoints", "step-000003", "model.safetensors"));
}
