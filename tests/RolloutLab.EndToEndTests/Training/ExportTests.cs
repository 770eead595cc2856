using System.Text.Json.Nodes;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>What a run learned, as folders for other tools.</summary>
public sealed class ExportTests : IDisposable
{
    private static readonly string[] Settings =
    [
        "--set", "sft=null", "--set", "rollout.max_new_tokens=64", "--set", "optimizer.learning_rate=1.0e-2", "--set", "budget.prompts_per_step=4", "--set", "budget.rollouts_per_prompt=8", "--set", "training.steps=2",
        "--set", "evaluation.every=0", "--set", "checkpoint.every=1", "--set", "loss.kl_coefficient=0", "--set", "tokenizer.type=model",
    ];

    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact]
    public void A_checkpoint_becomes_a_folder_that_is_the_same_model()
    {
        Train($"model={{ path: {TrainingProgram.Warmup} }}");

        var result = _program.Run("export", "run", "last", "--json");

        Assert.True(result.Code == 0, result.Error);
        var written = JsonNode.Parse(result.Out)!;
        Assert.Equal(("model", "float32"), ((string)written["kind"]!, (string)written["dtype"]!));
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"], Names("last"));
        Assert.Equal(File.ReadAllBytes(_program.At("run", "checkpoints", "step-000002", "model.safetensors")), File.ReadAllBytes(_program.At("last", "model.safetensors")));
        Assert.Equal(20, (int)JsonNode.Parse(File.ReadAllText(_program.At("last", "generation_config.json")))!["eos_token_id"]!);

        Assert.Equal(0, _program.Run("export", "run", "first", "--step", "1", "--dtype", "bfloat16").Code);
        Assert.Equal("bfloat16", (string)JsonNode.Parse(File.ReadAllText(_program.At("first", "config.json")))!["torch_dtype"]!);
        var (narrow, wide) = (new FileInfo(_program.At("first", "model.safetensors")).Length, new FileInfo(_program.At("last", "model.safetensors")).Length);
        Assert.InRange(narrow, (wide / 2) - 4096, (wide / 2) + 4096);

        // An exported folder is a model to start from.
        Assert.Equal(0, _program.Run("eval", "first", "--recipe", "tiny.yaml", "--json").Code);
        AssertRefused(1, "last: exists and is not empty", "export", "run", "last");
        AssertRefused(2, "run: has no checkpoint of step 7; it has 1, 2", "export", "run", "other", "--step", "7");
        AssertRefused(2, "last: is a model folder and has no steps", "export", "last", "other", "--step", "1");
        AssertRefused(2, "is a whole model, not an adapter; leave --merge out", "export", "last", "other", "--merge");
        AssertRefused(2, "nothing: neither a model folder", "export", "nothing", "other");
        Assert.False(Directory.Exists(_program.At("other")));
    }

    [Fact]
    public void An_adapter_is_exported_as_it_is_or_merged_and_measures_the_same()
    {
        Train($"model={{ path: {TrainingProgram.Warmup}, lora: {{ rank: 4 }} }}");

        Assert.Equal(0, _program.Run("export", "run", "adapter").Code);
        var merged = _program.Run("export", "run", "merged", "--merge");

        Assert.True(merged.Code == 0, merged.Error);
        Assert.StartsWith("model of ", merged.Out, StringComparison.Ordinal);
        Assert.Equal(["adapter_config.json", "adapter_model.safetensors", "tokenizer.json"], Names("adapter"));
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"], Names("merged"));
        Assert.Equal(File.ReadAllBytes(_program.At("run", "checkpoints", "step-000002", "adapter_model.safetensors")), File.ReadAllBytes(_program.At("adapter", "adapter_model.safetensors")));
        Assert.NotEqual(File.ReadAllBytes(Path.Combine(TrainingProgram.Warmup, "model.safetensors")), File.ReadAllBytes(_program.At("merged", "model.safetensors")));

        string[] arguments = ["--recipe", "tiny.yaml", "--set", "rollout.max_new_tokens=48", "--json"];
        var (apart, together) = (_program.Run(["eval", "adapter", .. arguments]), _program.Run(["eval", "merged", .. arguments]));
        Assert.True(apart.Code == 0 && together.Code == 0, apart.Error + together.Error);
        Assert.Equal(JsonNode.Parse(apart.Out)!["final"]!.ToJsonString(), JsonNode.Parse(together.Out)!["final"]!.ToJsonString());
    }

    private void Train(string model)
    {
        var result = _program.Run(["train", "tiny.yaml", "--run-dir", "run", .. Settings, "--set", model]);
        Assert.True(result.Code == 0, result.Error);
    }

    private List<string> Names(string folder) => [.. Directory.GetFiles(_program.At(folder)).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    private void AssertRefused(int code, string message, params string[] arguments)
    {
        var result = _program.Run(arguments);
        Assert.Equal(code, result.Code);
        Assert.Contains(message, Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }
}
