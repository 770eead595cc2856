using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>
/// Reads and writes a Hugging Face <c>config.json</c>. Whatever would change the computation and is not implemented is
/// refused by name; keys that do not touch the computation are ignored.
/// </summary>
public static class ModelConfigFile
{
    private const int MaxBytes = 1 << 20;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Reads a configuration.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">
    /// The file is unreadable, or a key is missing, of the wrong type, out of range or asks for something unsupported.
    /// </exception>
    public static ModelConfig Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Parse(Read(path), path);
    }

    /// <summary>Reads a configuration from the bytes of a <c>config.json</c>.</summary>
    /// <param name="json">UTF-8 JSON.</param>
    /// <param name="path">What messages call it.</param>
    /// <exception cref="CheckpointException">As for <see cref="Load"/>.</exception>
    public static ModelConfig Parse(ReadOnlyMemory<byte> json, string path)
    {
        if (!Utf8.IsValid(json.Span))
        {
            throw new CheckpointException($"{path}: not valid UTF-8; expected a Hugging Face config.json");
        }

        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Build(new ConfigReader(path, document.RootElement))
                : throw new CheckpointException($"{path}: not a JSON object; expected a Hugging Face config.json");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // An escaped lone surrogate passes the JSON grammar and only fails when the text is taken out.
            throw new CheckpointException($"{path}: not valid JSON: {Excerpt.Of(error.Message)}", error);
        }
    }

    /// <summary>The JSON text of a configuration: two-space indentation, keys in a fixed order, a final newline.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="template">
    /// The <c>config.json</c> it came from, as <see cref="Parse"/> accepts it; its other keys (token ids, tool settings) are
    /// carried over. Empty for none.
    /// </param>
    /// <param name="dtype">What the weights beside it are stored as, as PyTorch calls it.</param>
    public static string Format(ModelConfig config, ReadOnlyMemory<byte> template = default, string dtype = "float32")
    {
        ArgumentNullException.ThrowIfNull(config);
        var root = template.IsEmpty ? [] : JsonNode.Parse(template.Span)!.AsObject();
        // The older layout, which every version reads: newer files nest the rotary settings, and two places could disagree.
        root.Remove("rope_parameters");
        root.Remove("rope_scaling");
        root.Remove("dtype");
        foreach (var (key, value) in Keys(config, dtype).Concat(RopeKeys(config)).Concat(template.IsEmpty ? WindowKeys(config) : []))
        {
            root[key] = value;
        }

        return root.ToJsonString(Indented) + "\n";
    }

    internal static byte[] Read(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= MaxBytes
                ? File.ReadAllBytes(path)
                : throw new CheckpointException($"{path}: {length} bytes, but a config.json has at most {MaxBytes}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                $"{path}: cannot be read ({Excerpt.Of(error.Message)}); a model folder needs config.json and model.safetensors", error);
        }
    }

    private static ModelConfig Build(ConfigReader reader)
    {
        var family = ReadFamily(reader);
        UnsupportedOptions.Refuse(reader, family);
        var hidden = reader.Int("hidden_size");
        var heads = reader.Int("num_attention_heads");
        var config = new ModelConfig
        {
            Family = family,
            VocabularySize = reader.Int("vocab_size"),
            HiddenSize = hidden,
            Layers = reader.Int("num_hidden_layers"),
            Heads = heads,
            // Only the first Llama files leave it out, where it means full multi-head attention.
            KeyValueHeads = reader.Int("num_key_value_heads", family == ModelFamily.Llama ? heads : null),
            HeadDim = reader.Int("head_dim", family == ModelFamily.Qwen3 ? 128 : hidden / Math.Max(heads, 1)),
            IntermediateSize = reader.Int("intermediate_size"),
            MaxPositions = reader.Int("max_position_embeddings"),
            RopeTheta = RopeScalingReader.Theta(reader),
            RopeScaling = RopeScalingReader.Scaling(reader),
            SlidingWindow = SlidingWindowReader.Read(reader, family),
            NormEpsilon = reader.Double("rms_norm_eps", 1e-6),
            TieWordEmbeddings = reader.Bool("tie_word_embeddings", false),
            AttentionBias = reader.Bool("attention_bias", family == ModelFamily.Qwen2),
        };
        return config.FindProblem() is var (key, reason) ? throw reader.Error(key, reason) : config;
    }

    private static ModelFamily ReadFamily(ConfigReader reader)
    {
        var type = reader.Text("model_type");
        foreach (var family in Enum.GetValues<ModelFamily>())
        {
            if (type == TypeName(family))
            {
                return family;
            }
        }

        throw reader.Error("model_type", $"'{Excerpt.Of(type)}' is not supported; supported: llama, mistral, qwen2, qwen3");
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> RopeKeys(ModelConfig config) => config.RopeScaling is not { } scaling
        ? []
        : [new("rope_scaling", new JsonObject(new KeyValuePair<string, JsonNode?>[]
        {
            new("rope_type", scaling.Type.ToString().ToLowerInvariant()),
            new("factor", scaling.Factor),
            new("original_max_position_embeddings", scaling.OriginalMaxPositions),
            new("low_freq_factor", scaling.LowFrequencyFactor),
            new("high_freq_factor", scaling.HighFrequencyFactor),
            new("beta_fast", scaling.BetaFast),
            new("beta_slow", scaling.BetaSlow),
            new("attention_factor", scaling.AttentionFactor),
            new("mscale", scaling.Mscale),
            new("mscale_all_dim", scaling.MscaleAllDim),
            new("truncate", scaling.Truncate),
        }.Where(pair => pair.Value is not null)))];

    /// <summary>A window that no file described: all layers slide.</summary>
    private static IEnumerable<KeyValuePair<string, JsonNode?>> WindowKeys(ModelConfig config) => config.SlidingWindow is not { } window
        ? []
        : [new("sliding_window", window), new("use_sliding_window", true), new("max_window_layers", 0)];

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Keys(ModelConfig config, string dtype) =>
    [
        new("architectures", new JsonArray($"{config.Family}ForCausalLM")),
        new("model_type", TypeName(config.Family)),
        new("vocab_size", config.VocabularySize),
        new("hidden_size", config.HiddenSize),
        new("num_hidden_layers", config.Layers),
        new("num_attention_heads", config.Heads),
        new("num_key_value_heads", config.KeyValueHeads),
        new("head_dim", config.HeadDim),
        new("intermediate_size", config.IntermediateSize),
        new("max_position_embeddings", config.MaxPositions),
        new("rope_theta", config.RopeTheta),
        new("rms_norm_eps", config.NormEpsilon),
        new("hidden_act", "silu"),
        new("attention_bias", config.AttentionBias),
        new("tie_word_embeddings", config.TieWordEmbeddings),
        new("torch_dtype", dtype),
    ];

    private static string TypeName(ModelFamily family) => family switch
    {
        ModelFamily.Llama => "llama",
        ModelFamily.Mistral => "mistral",
        ModelFamily.Qwen2 => "qwen2",
        ModelFamily.Qwen3 => "qwen3",
        _ => throw new ArgumentOutOfRangeException(nameof(family), family, "no such family"),
    };
}
