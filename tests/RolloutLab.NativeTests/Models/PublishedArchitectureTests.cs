using System.Text;
using System.Text.Json.Nodes;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

/// <summary>
/// Each architecture as its config.json is published, made small, with every option on, from folder to logits, drawn tokens and
/// gradients, against <see cref="DenseDecoder"/>.
/// </summary>
public sealed class PublishedArchitectureTests : IDisposable
{
    private const string Sizes = """
        "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 20,
        "vocab_size": 29, "max_position_embeddings": 64, "hidden_act": "silu"
        """;

    private const string Llama3Scaling =
        """{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 24}""";

    private static readonly Dictionary<string, string> Files = new()
    {
        ["llama-3.1"] = $$"""{"architectures": ["LlamaForCausalLM"], "model_type": "llama", {{Sizes}}, "attention_bias": false, "mlp_bias": false, "rms_norm_eps": 1e-05, "rope_theta": 500.0, "rope_scaling": {{Llama3Scaling}}, "eos_token_id": [1, 2], "pretraining_tp": 1, "tie_word_embeddings": false, "torch_dtype": "bfloat16"}""",
        ["llama-3.2"] = $$"""{"model_type": "llama", {{Sizes}}, "head_dim": 16, "rms_norm_eps": 1e-05, "rope_parameters": {"rope_theta": 500.0, "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 24}, "tie_word_embeddings": true, "dtype": "bfloat16"}""",
        ["llama-linear"] = $$"""{"model_type": "llama", {{Sizes}}, "attention_bias": true, "rope_scaling": {"type": "linear", "factor": 4.0} }""",
        ["llama-dynamic"] = $$"""{"model_type": "llama", {{Sizes}}, "rope_scaling": {"type": "dynamic", "factor": 4.0, "original_max_position_embeddings": 64} }""",
        ["smollm2"] = $$"""{"architectures": ["LlamaForCausalLM"], "model_type": "llama", {{Sizes}}, "head_dim": 10, "attention_bias": false, "is_llama_config": true, "rope_interleaved": false, "rope_scaling": null, "rope_theta": 100000, "rms_norm_eps": 1e-05, "tie_word_embeddings": true}""",
        ["mistral"] = $$"""{"architectures": ["MistralForCausalLM"], "model_type": "mistral", {{Sizes}}, "head_dim": null, "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "sliding_window": null, "tie_word_embeddings": false}""",
        ["qwen2.5"] = $$"""{"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", {{Sizes}}, "max_window_layers": 2, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "sliding_window": 16, "use_sliding_window": true, "tie_word_embeddings": true}""",
        ["qwen2.5-yarn"] = $$"""{"model_type": "qwen2", {{Sizes}}, "rope_theta": 50.0, "use_sliding_window": false, "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 40} }""",
        ["qwen3"] = $$"""{"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", {{Sizes}}, "head_dim": 14, "attention_bias": true, "layer_types": ["full_attention", "full_attention"], "rms_norm_eps": 1e-06, "rope_theta": 1000000, "use_sliding_window": false, "tie_word_embeddings": true}""",
    };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Architectures => [.. Files.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Logits_are_those_of_the_published_equations(string name)
    {
        using var weights = Open(name);
        using var model = new DecoderModel(weights);
        var dense = new DenseDecoder(_folder.Path);
        var sequences = new[] { TestModels.Tokens(40, 29, 1), TestModels.Tokens(9, 29, 2) };
        var batch = TestModels.Pack(sequences);

        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        var head = weights.Parameters.LastOrDefault(p => p.Name == "lm_head.weight") ?? weights.Parameters[0];
        var logits = torch.linear(model.Hidden(batch.InputIds, batch.PositionIds, batch.CuSeqLens), head.Tensor).ToArray<float>();

        var expected = sequences.SelectMany(s => dense.Logits(s)).SelectMany(row => row).ToArray();
        Assert.Equal(expected.Length, logits.Length);
        Assert.All(expected.Zip(logits), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1e-4 * Math.Max(1, Math.Abs(pair.First))));
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void The_engine_draws_from_the_same_distribution(string name)
    {
        using var weights = Open(name);
        using var model = new DecoderModel(weights);
        using var runner = new PagedModelRunner(model, new KvCacheSize(8, 24));
        var harness = new PagedHarness(runner, new DenseDecoder(_folder.Path));
        var prompt = harness.Add(TestModels.Tokens(37, 29, 3));
        harness.Step((prompt, 20, 0));
        harness.Step((prompt, 17, 2));
        var forks = harness.Fork(prompt, 2);
        for (var i = 0; i < 4; i++)
        {
            harness.Step((forks[0], 1, 1), (forks[1], 1, 1));
        }

        Assert.Equal(10, harness.Compared);
    }

    /// <summary>Central differences of the double-precision reference at a few elements of every parameter.</summary>
    [Theory]
    [MemberData(nameof(Architectures))]
    public void Gradients_are_finite_differences(string name)
    {
        using var weights = Open(name);
        using var model = new DecoderModel(weights);
        var dense = new DenseDecoder(_folder.Path);
        var ids = TestModels.Tokens(30, 29, 4);
        using var scope = new TensorScope();
        model.Score(TestModels.Pack(ids)).LogProbs.sum().backward();

        var layout = ParameterLayout.Of(weights.Config);
        for (var i = 0; i < layout.Count; i++)
        {
            var gradient = weights.Parameters[i].Tensor.grad()!.ToArray<float>();
            var start = 0;
            foreach (var part in layout[i].Parts)
            {
                var count = (int)layout[i].ElementsOf(part.Rows);
                foreach (var at in (int[])[0, count / 3, count - 1])
                {
                    var expected = Difference(dense, part.Name, at, ids);
                    Assert.True(
                        Math.Abs(expected - gradient[start + at]) <= 5e-4 + (1e-3 * Math.Abs(expected)), $"{part.Name}[{at}]: {gradient[start + at]}, expected {expected}");
                }

                start += count;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Saved_and_opened_again_it_is_the_same_model(string name)
    {
        using var weights = Open(name);
        var again = _folder.File("again");
        ModelFolder.Save(again, weights, ModelFolder.Open(_folder.Path));
        Assert.Equal(weights.Config, ModelFolder.Open(again).Config);
        Assert.Equal(File.ReadAllBytes(_folder.File("model.safetensors")), File.ReadAllBytes(Path.Combine(again, "model.safetensors")));
        int[] ids = TestModels.Tokens(30, 29, 5);
        Assert.Equal(new DenseDecoder(_folder.Path).Logits(ids)[^1], new DenseDecoder(again).Logits(ids)[^1]);
        var (first, second) = (File.ReadAllText(Path.Combine(again, "config.json")), _folder.File("third"));
        ModelFolder.Save(second, weights, ModelFolder.Open(again));
        Assert.Equal(first, File.ReadAllText(Path.Combine(second, "config.json")));
        Assert.DoesNotContain("rope_parameters", first, StringComparison.Ordinal);
        Assert.Equal(name == "llama-3.1" ? "[1,2]" : null, JsonNode.Parse(first)!["eos_token_id"]?.ToJsonString());
    }

    /// <summary>A stretched rotation must show: a reference without it is far off, so the tests above can fail.</summary>
    [Theory]
    [InlineData("llama-3.1")]
    [InlineData("llama-3.2")]
    [InlineData("llama-linear")]
    [InlineData("qwen2.5-yarn")]
    public void Scaling_changes_the_logits(string name)
    {
        using var weights = Open(name);
        var ids = TestModels.Tokens(30, 29, 6);
        var scaled = new DenseDecoder(_folder.Path).Logits(ids)[^1];
        var config = JsonNode.Parse(Files[name])!.AsObject();
        config["rope_scaling"] = null;
        (config["rope_parameters"] as JsonObject)?.Remove("rope_type");
        File.WriteAllText(_folder.File("config.json"), config.ToJsonString());
        var plain = new DenseDecoder(_folder.Path).Logits(ids)[^1];
        Assert.True(scaled.Zip(plain, (a, b) => Math.Abs(a - b)).Max() > 1e-2);
    }

    private static double Difference(DenseDecoder dense, string name, int at, int[] ids)
    {
        const double Step = 1e-5;
        var values = dense.Weights[name];
        var value = values[at];
        values[at] = value + Step;
        var above = Loss();
        values[at] = value - Step;
        var below = Loss();
        values[at] = value;
        return (above - below) / (2 * Step);

        double Loss()
        {
            var rows = dense.LogProbs(ids);
            return Enumerable.Range(1, ids.Length - 1).Sum(i => rows[i - 1][ids[i]]);
        }
    }

    /// <summary>Writes the file with random weights beside it, and opens the folder.</summary>
    private DecoderWeights Open(string name)
    {
        var config = ModelConfigFile.Parse(Encoding.UTF8.GetBytes(Files[name]), name);
        using (var random = TestModels.Weights(config, seed: 11))
        {
            ModelFolder.Save(_folder.Path, random);
        }

        File.WriteAllText(_folder.File("config.json"), Files[name]);
        return ModelFolder.Open(_folder.Path).LoadWeights(Device.Cpu);
    }
}
