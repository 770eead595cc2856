using RolloutLab.EndToEndTests.CommandLine;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>Each thing that can be wrong with the input is one line that names what and where, and trains nothing.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Theory]
    [InlineData("{\"id\":\"x\",\"numbers\":[1,2,3],\"target\":\"many\"}", "target")]
    [InlineData("{\"id\":\"x\",\"numbers\":[1,2,3]", "JSON")]
    [InlineData("{\"id\":\"x\",\"numbers\":[],\"target\":5}", "numbers")]
    [InlineData("not json at all", "JSON")]
    public void A_hostile_dataset_line_is_named_by_file_and_line(string line, string what)
    {
        File.AppendAllText(_program.At("train.jsonl"), line + "\n");

        var result = _program.Run("train", "tiny.yaml", "--run-dir", "run");

        AssertOneLine(result, 2, "train.jsonl:65:", what);
        Assert.False(Directory.Exists(_program.At("run")));
    }

    [Fact]
    public void A_misspelt_key_is_named_with_its_nearest() =>
        AssertOneLine(_program.Run("train", "tiny.yaml", "--set", "loss.clip_hihg=0.3"), 2, "loss.clip_hihg", "clip_high");

    [Fact]
    public void Prompts_longer_than_the_context_are_refused() =>
        AssertOneLine(_program.Run("train", "tiny.yaml", "--set", "model.config.max_positions=8", "--set", "rollout.max_new_tokens=4"), 2, "train.jsonl:", "tokens");

    [Fact]
    public void More_prompts_a_step_than_there_are_is_refused() =>
        AssertOneLine(_program.Run("train", "tiny.yaml", "--set", "budget.prompts_per_step=65"), 2, "budget.prompts_per_step", "64");

    [Fact]
    public void A_checkpoint_of_another_shape_is_refused_with_the_tensor()
    {
        Assert.Equal(0, _program.Run("sft", "tiny.yaml", "--run-dir", "warm").Code);
        var config = _program.At("warm", "checkpoints", "step-000004", "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"intermediate_size\": 64", "\"intermediate_size\": 96", StringComparison.Ordinal));

        // The checkpoint's manifest would tell of the change before the shapes do.
        File.Delete(_program.At("warm", "checkpoints", "step-000004", "manifest.json"));

        AssertOneLine(_program.Run("eval", "warm"), 2, "model.safetensors", "mlp");
    }

    [Fact]
    public void A_tokenizer_without_the_needed_symbols_is_refused()
    {
        File.WriteAllText(
            _program.At("tokenizer.json"), "{\"type\":\"rolloutlab.character\",\"symbols\":[\"0\",\"1\",\"2\"],\"end_of_text\":\"<end>\"}");

        var result = _program.Run("train", "tiny.yaml", "--set", "tokenizer={ type: file, path: tokenizer.json }");

        Assert.Equal(2, result.Code);
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_diverged_run_stops_with_the_last_good_checkpoint_named()
    {
        var result = _program.Run(
            "train", "tiny.yaml", "--run-dir", "run", "--set", "training.steps=50", "--set", "optimizer.learning_rate=1.0e+36", "--set", "checkpoint.every=1");

        AssertOneLine(result, 1, "step ", "the last good checkpoint is");
    }

    [Fact]
    public void An_unwritable_run_folder_is_named() =>
        AssertOneLine(_program.Run("train", "tiny.yaml", "--run-dir", "/proc/nothing"), 1, "/proc/nothing", "--run-dir");

    [Fact]
    public void What_this_build_cannot_do_is_said() =>
        AssertOneLine(_program.Run("train", "tiny.yaml", "--set", "device=cuda"), 69, "device = cuda", "is built without CUDA", "set device: cpu");

    private static void AssertOneLine(CallResult result, int code, params string[] parts)
    {
        var line = Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("rolloutlab: ", line, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.Equal(code, result.Code);
    }
}
