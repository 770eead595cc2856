using System.Text.Json.Nodes;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>Low-rank adapters from recipe to folder and back.</summary>
public sealed class AdapterTests : IDisposable
{
    private static readonly string[] Settings =
    [
        "--set", "tokenizer.type=model", "--set", "sft=null", "--set", "rollout.max_new_tokens=40", "--set", "optimizer.learning_rate=1.0e-2",
        "--set", "training.steps=2", "--set", "evaluation.every=2", "--set", "checkpoint.every=1", "--set", "loss.kl_coefficient=0",
    ];

    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact]
    public void An_adapter_is_evaluated_trained_on_and_told_from_another_base()
    {
        var train = _program.Run(["train", "tiny.yaml", "--run-dir", "run", "--json", .. Settings, "--set", $"model={{ path: {TrainingProgram.Warmup}, lora: {{ rank: 2, rslora: true }} }}"]);
        Assert.True(train.Code == 0, train.Error);
        var checkpoint = _program.At("run", "checkpoints", "step-000002");
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(checkpoint, "adapter_config.json")))!;
        Assert.Equal((2, 4, true, 7), ((int)config["r"]!, (int)config["lora_alpha"]!, (bool)config["use_rslora"]!, config["target_modules"]!.AsArray().Count));
        Assert.Equal(TrainingProgram.Warmup, (string)config["base_model_name_or_path"]!);

        // What eval measures of the run is what training measured of it at its end.
        var eval = _program.Run("eval", "run", "--json");
        Assert.True(eval.Code == 0, eval.Error);
        var last = TrainingProgram.Rows(_program.At("run", "metrics.jsonl")).Last(row => row.Any(p => p.Key.Contains("pass@1/mean", StringComparison.Ordinal) || p.Key.EndsWith("pass@1", StringComparison.Ordinal)));
        var passAt1 = last.First(p => p.Key.Contains("pass@1", StringComparison.Ordinal)).Value!;
        Assert.Equal((double)passAt1, (double)JsonNode.Parse(eval.Out)!["final"]!["pass_at_1"]!, 1e-9);

        var on = _program.Run(["train", "tiny.yaml", "--run-dir", "on", .. Settings, "--set", $"model={{ path: {checkpoint} }}"]);
        Assert.True(on.Code == 0, on.Error);
        Assert.Equal(2, (int)JsonNode.Parse(File.ReadAllText(_program.At("on", "checkpoints", "step-000002", "adapter_config.json")))!["r"]!);

        // The same adapter over other weights: a copy of the base in which one embedding differs.
        Directory.CreateDirectory(_program.At("other"));
        foreach (var file in Directory.GetFiles(TrainingProgram.Warmup))
        {
            File.Copy(file, _program.At("other", Path.GetFileName(file)));
        }

        var weights = File.ReadAllBytes(_program.At("other", "model.safetensors"));
        weights[^1] ^= 1;
        File.WriteAllBytes(_program.At("other", "model.safetensors"), weights);
        AssertRefused("not those that the adapter", "model.base", "--set", $"model={{ path: {checkpoint}, base: {_program.At("other")} }}");
        AssertRefused("is an adapter already", "model.lora", "--set", $"model={{ path: {checkpoint}, lora: {{}} }}");
        AssertRefused("is no adapter", "model.base", "--set", $"model={{ path: {TrainingProgram.Warmup}, base: {TrainingProgram.Warmup} }}");
        AssertRefused("none of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj", "model.lora.targets", "--set", $"model={{ path: {TrainingProgram.Warmup}, lora: {{ targets: [lm_head] }} }}");
    }

    /// <summary>Prompts of Countdown have about 20 tokens: with 40 more they outgrow 32, and stay inside 128.</summary>
    [Fact]
    public void A_sliding_window_is_refused_where_a_sequence_outgrows_it()
    {
        Directory.CreateDirectory(_program.At("windowed"));
        foreach (var file in Directory.GetFiles(TrainingProgram.Warmup))
        {
            File.Copy(file, _program.At("windowed", Path.GetFileName(file)));
        }

        var config = JsonNode.Parse(File.ReadAllText(_program.At("windowed", "config.json")))!.AsObject();
        (config["model_type"], config["architectures"], config["sliding_window"]) = ("mistral", new JsonArray("MistralForCausalLM"), 32);
        File.WriteAllText(_program.At("windowed", "config.json"), config.ToJsonString());
        string[] eval = ["eval", "windowed", "--recipe", "tiny.yaml", "--json", "--set", "rollout.max_new_tokens=40"];
        var refused = _program.Run(eval);
        Assert.Equal(2, refused.Code);
        Assert.Contains("outgrow the model's sliding window of 32 tokens", refused.Error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);

        config["sliding_window"] = 128;
        File.WriteAllText(_program.At("windowed", "config.json"), config.ToJsonString());
        var fits = _program.Run(eval);
        Assert.True(fits.Code == 0, fits.Error);
    }

    private void AssertRefused(string reason, string key, params string[] sets)
    {
        var result = _program.Run(["train", "tiny.yaml", "--run-dir", "refused", .. Settings, .. sets]);
        Assert.Equal(2, result.Code);
        var line = Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.Contains(reason, line, StringComparison.Ordinal);
        Assert.Contains(key, line, StringComparison.Ordinal);
    }
}
