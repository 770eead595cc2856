using System.Text;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Models;

namespace RolloutLab.NativeTests.Models;

public class ModelConfigTests
{
    private const string Qwen2 = """
        {"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151643,
         "hidden_act": "silu", "hidden_size": 896, "initializer_range": 0.02, "intermediate_size": 4864,
         "max_position_embeddings": 32768, "max_window_layers": 24, "model_type": "qwen2", "num_attention_heads": 14,
         "num_hidden_layers": 24, "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
         "sliding_window": 32768, "tie_word_embeddings": true, "torch_dtype": "bfloat16", "use_cache": true,
         "use_mrope": false, "use_sliding_window": false, "vocab_size": 151936}
        """;

    private const string Qwen3 = """
        {"architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "head_dim": 128, "hidden_act": "silu",
         "hidden_size": 1024, "intermediate_size": 3072, "layer_types": ["full_attention", "full_attention"],
         "max_position_embeddings": 40960, "model_type": "qwen3", "num_attention_heads": 16, "num_hidden_layers": 28,
         "num_key_value_heads": 8, "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000,
         "sliding_window": null, "tie_word_embeddings": true, "use_sliding_window": false, "vocab_size": 151936}
        """;

    private const string Llama = """
        {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "intermediate_size": 172, "vocab_size": 100, "max_position_embeddings": 256}
        """;

    private const string Mistral = """
        {"model_type": "mistral", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "intermediate_size": 172, "vocab_size": 100, "max_position_embeddings": 256, "sliding_window": null}
        """;

    [Fact]
    public void Reads_a_qwen2_file_as_published()
    {
        var config = Parse(Qwen2);
        Assert.Equal(ModelFamily.Qwen2, config.Family);
        Assert.Equal((896, 24, 14, 2, 64), (config.HiddenSize, config.Layers, config.Heads, config.KeyValueHeads, config.HeadDim));
        Assert.Equal((4864, 151936, 32768), (config.IntermediateSize, config.VocabularySize, config.MaxPositions));
        Assert.Equal((1e6, 1e-6), (config.RopeTheta, config.NormEpsilon));
        Assert.True(config.TieWordEmbeddings && config.HasQkvBias);
        Assert.False(config.HasOutputBias || config.HasQkNorm);
    }

    [Fact]
    public void Reads_a_qwen3_file_as_published()
    {
        var config = Parse(Qwen3);
        Assert.Equal((16, 128, 2048, 1024), (config.Heads, config.HeadDim, config.QueryWidth, config.KeyValueWidth));
        Assert.True(config.HasQkNorm);
        Assert.False(config.HasQkvBias || config.HasOutputBias);
    }

    [Fact]
    public void Fills_in_the_defaults_of_llama()
    {
        var config = Parse(Llama);
        Assert.Equal((16, 10_000.0, 1e-6), (config.HeadDim, config.RopeTheta, config.NormEpsilon));
        Assert.False(config.TieWordEmbeddings || config.HasQkvBias || config.HasOutputBias || config.HasQkNorm);
        Assert.Equal(4, Parse(Without(Llama, "num_key_value_heads")).KeyValueHeads);
        Assert.True(Parse(With(Llama, "attention_bias", "true")) is { HasQkvBias: true, HasOutputBias: true });
    }

    [Fact]
    public void Reads_the_rotary_base_where_newer_files_keep_it()
    {
        var config = Parse(With(Llama, "rope_parameters", """{"rope_type": "default", "rope_theta": 500000.0}"""));
        Assert.Equal(500_000, config.RopeTheta);
    }

    [Theory]
    [InlineData(Llama)]
    [InlineData(Mistral)]
    [InlineData(Qwen2)]
    [InlineData(Qwen3)]
    public void Writes_what_it_reads(string json)
    {
        var config = Parse(json);
        var text = ModelConfigFile.Format(config);
        Assert.Equal(config, Parse(text));
        Assert.Equal(text, ModelConfigFile.Format(Parse(text)));
    }

    [Fact]
    public void Carries_over_the_keys_it_does_not_use()
    {
        var text = ModelConfigFile.Format(Parse(Qwen2) with { RopeTheta = 5 }, Encoding.UTF8.GetBytes(Qwen2));
        var keys = JsonNode.Parse(text)!.AsObject();
        Assert.Equal(151643, (int)keys["eos_token_id"]!);
        Assert.Equal(5, (double)keys["rope_theta"]!);
        Assert.Equal("float32", (string)keys["torch_dtype"]!);
    }

    [Theory]
    [InlineData("model_type", "\"gpt2\"", "supported: llama, mistral, qwen2, qwen3")]
    [InlineData("architectures", "[\"LlamaForSequenceClassification\"]", "LlamaForCausalLM")]
    [InlineData("hidden_act", "\"gelu\"", "supported: silu")]
    [InlineData("rope_scaling", """{"rope_type": "longrope", "factor": 8}""", "'longrope' is not supported; supported: default, linear, dynamic, llama3, yarn")]
    [InlineData("rope_interleaved", "true", "two halves")]
    [InlineData("layer_types", "[\"full_attention\", \"sliding_attention\"]", "supported: full_attention")]
    [InlineData("layer_types", "[\"linear_attention\"]", "supported: full_attention")]
    [InlineData("sliding_window", "0", "0 is not positive")]
    [InlineData("mlp_bias", "true", "bias-free")]
    [InlineData("attention_dropout", "0.1", "dropout")]
    [InlineData("partial_rotary_factor", "0.5", "full rotation")]
    [InlineData("quantization_config", """{"bits": 4}""", "quantised")]
    [InlineData("num_key_value_heads", "3", "does not divide")]
    [InlineData("head_dim", "15", "odd")]
    [InlineData("head_dim", "0", "not in 1..")]
    [InlineData("num_attention_heads", "0", "not in 1..")]
    [InlineData("num_hidden_layers", "-1", "not in 1..")]
    [InlineData("num_hidden_layers", "16777216", "not in 1..1024")]
    [InlineData("vocab_size", "9223372036854775807", "not in 1..")]
    [InlineData("vocab_size", "1e30", "not an integer")]
    [InlineData("vocab_size", "\"100\"", "not an integer")]
    [InlineData("vocab_size", "null", "missing")]
    [InlineData("rope_theta", "0", "not a positive number")]
    [InlineData("rms_norm_eps", "-1e-6", "not between 0 and 1")]
    [InlineData("tie_word_embeddings", "1", "not true or false")]
    [InlineData("rope_scaling", "\"none\"", "not an object")]
    public void Refuses_what_it_cannot_compute_by_file_and_key(string key, string value, string reason)
    {
        var error = Assert.Throws<CheckpointException>(() => Parse(With(Llama, key, value)));
        Assert.StartsWith($"dir/config.json: {key}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("""{"rope_type": "llama3", "factor": 8}""", "original_max_position_embeddings: missing")]
    [InlineData("""{"rope_type": "llama3", "factor": 8, "original_max_position_embeddings": 64, "low_freq_factor": 4, "high_freq_factor": 1}""", "high_freq_factor: 1 is not above low_freq_factor 4")]
    [InlineData("""{"type": "linear"}""", "factor: missing")]
    [InlineData("""{"type": "linear", "factor": 0.5}""", "factor: 0.5 is not a number of at least 1")]
    [InlineData("""{"type": "linear", "factor": "2"}""", "factor: \"2\" is not a number")]
    [InlineData("""{"type": "yarn", "factor": 2, "beta_fast": -1}""", "beta_fast: -1 is not positive")]
    [InlineData("""{"type": "dynamic", "factor": 2, "original_max_position_embeddings": 128}""", "original_max_position_embeddings: dynamic scaling from 128")]
    public void Refuses_a_scaling_it_cannot_compute(string scaling, string reason)
    {
        foreach (var key in (string[])["rope_scaling", "rope_parameters"])
        {
            var error = Assert.Throws<CheckpointException>(() => Parse(With(Llama, key, scaling)));
            Assert.StartsWith($"dir/config.json: {key}.{reason}", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Settings_given_twice_must_agree()
    {
        var both = With(With(Llama, "rope_theta", "500"), "rope_parameters", """{"rope_type": "linear", "factor": 2, "rope_theta": 500}""");
        Assert.Equal(new RopeScaling(RopeScalingType.Linear, 2), Parse(both).RopeScaling);
        Assert.Throws<CheckpointException>(() => Parse(With(both, "rope_theta", "501")));
        Assert.Throws<CheckpointException>(() => Parse(With(both, "rope_scaling", """{"type": "linear", "factor": 3}""")));
    }

    [Theory]
    [InlineData(Mistral, "{}", null)]
    [InlineData(Mistral, """{"sliding_window": 128}""", 128)]
    [InlineData(Mistral, """{"sliding_window": 256}""", null)]
    [InlineData(Qwen2, """{"use_sliding_window": true, "sliding_window": 128}""", null)]
    [InlineData(Qwen2, """{"use_sliding_window": true, "sliding_window": 128, "max_window_layers": 23}""", 128)]
    [InlineData(Qwen2, """{"use_sliding_window": false, "sliding_window": 128, "max_window_layers": 0}""", null)]
    [InlineData(Qwen3, """{"use_sliding_window": true, "sliding_window": 128, "max_window_layers": 0}""", null)]
    [InlineData(Qwen3, """{"use_sliding_window": true, "sliding_window": 128, "layer_types": ["full_attention", "sliding_attention"]}""", 128)]
    [InlineData(Llama, """{"sliding_window": 128}""", 128)]
    public void A_window_bounds_the_positions_that_are_exact(string json, string changes, int? window)
    {
        var root = JsonNode.Parse(json)!.AsObject();
        foreach (var (key, value) in JsonNode.Parse(changes)!.AsObject())
        {
            root[key] = value?.DeepClone();
        }

        var config = Parse(root.ToJsonString());
        Assert.Equal(window, config.SlidingWindow);
        Assert.Equal(window ?? config.MaxPositions, config.ExactPositions);
        Assert.Equal(config, Parse(ModelConfigFile.Format(config, Encoding.UTF8.GetBytes(root.ToJsonString()))));
        Assert.Equal(config, Parse(ModelConfigFile.Format(config)));
    }

    [Fact]
    public void Refuses_biases_the_family_does_not_have()
    {
        Assert.Throws<CheckpointException>(() => Parse(With(Mistral, "attention_bias", "true")));
        Assert.Throws<CheckpointException>(() => Parse(With(Qwen2, "attention_bias", "false")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"model_type\": \"llama\"")]
    [InlineData("{\"model_type\": \"llama\", \"model_type\": \"qwen2\"}")]
    [InlineData("\u0000\u0001")]
    [InlineData("{\"model_type\": \"\\ud800\"}")]
    public void Refuses_what_is_not_one_json_object(string json)
    {
        var error = Assert.Throws<CheckpointException>(() => Parse(json));
        Assert.StartsWith("dir/config.json: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Damaged_files_are_refused_or_read_and_written_never_worse()
    {
        var whole = Encoding.UTF8.GetBytes(Qwen3);
        var stream = new RandomStreams(8).Stream(StreamPurpose.DatasetGeneration);
        var refused = 0;
        for (var trial = 0; trial < 3000; trial++)
        {
            var bytes = (byte[])whole.Clone();
            bytes[stream.Below(2 * trial, bytes.Length)] ^= (byte)(1 << stream.Below((2 * trial) + 1, 8));
            try
            {
                ModelConfigFile.Format(ModelConfigFile.Parse(bytes, "config.json"), bytes);
            }
            catch (CheckpointException error)
            {
                Assert.DoesNotContain('\n', error.Message);
                refused++;
            }
        }

        Assert.InRange(refused, 1000, 2999);
    }

    [Fact]
    public void Names_a_file_that_is_not_there()
    {
        var error = Assert.Throws<CheckpointException>(() => ModelConfigFile.Load("/nowhere/config.json"));
        Assert.StartsWith("/nowhere/config.json: cannot be read", error.Message, StringComparison.Ordinal);
    }

    private static ModelConfig Parse(string json) => ModelConfigFile.Parse(Encoding.UTF8.GetBytes(json), "dir/config.json");

    private static string With(string json, string key, string value)
    {
        var root = JsonNode.Parse(json)!.AsObject();
        root[key] = JsonNode.Parse(value);
        return root.ToJsonString();
    }

    private static string Without(string json, string key)
    {
        var root = JsonNode.Parse(json)!.AsObject();
        root.Remove(key);
        return root.ToJsonString();
    }
}
