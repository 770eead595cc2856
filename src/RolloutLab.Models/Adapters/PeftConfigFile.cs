using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>
/// Reads and writes PEFT's <c>adapter_config.json</c>. Whatever would change the computation and is not implemented is refused
/// by name.
/// </summary>
internal static class PeftConfigFile
{
    public const string FileName = "adapter_config.json";

    private const string AllLinear = "all-linear";

    private const int MaxBytes = 1 << 20;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    // Each would change what the adapter computes or trains; null, false, 0 and empty mean that it is off.
    private static readonly string[] Unsupported =
    [
        "use_dora", "lora_bias", "fan_in_fan_out", "modules_to_save", "layers_to_transform", "rank_pattern", "alpha_pattern", "exclude_modules",
        "layer_replication", "trainable_token_indices", "target_parameters", "use_qalora", "use_bdlora", "alora_invocation_tokens", "arrow_config",
    ];

    /// <summary>The options, and the base model the file names; null for none.</summary>
    public static (LoraOptions Options, string? Base) Read(string path)
    {
        var bytes = ReadBounded(path);
        if (!Utf8.IsValid(bytes))
        {
            throw new CheckpointException($"{path}: not valid UTF-8; expected PEFT's {FileName}");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Build(new ConfigReader(path, document.RootElement), document.RootElement)
                : throw new CheckpointException($"{path}: not a JSON object; expected PEFT's {FileName}");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"{path}: not valid JSON: {Excerpt.Of(error.Message)}", error);
        }
    }

    /// <summary>The JSON text, with the keys PEFT writes, sorted as it does.</summary>
    public static string Format(LoraOptions options, string? baseModel) => new JsonObject
    {
        ["alpha_pattern"] = new JsonObject(),
        ["base_model_name_or_path"] = baseModel,
        ["bias"] = "none",
        ["fan_in_fan_out"] = false,
        ["inference_mode"] = true,
        ["init_lora_weights"] = true,
        ["layers_pattern"] = null,
        ["layers_to_transform"] = null,
        ["lora_alpha"] = options.Alpha == Math.Floor(options.Alpha) && Math.Abs(options.Alpha) < 1e15 ? (long)options.Alpha : options.Alpha,
        ["lora_dropout"] = options.Dropout,
        ["modules_to_save"] = null,
        ["peft_type"] = "LORA",
        ["r"] = options.Rank,
        ["rank_pattern"] = new JsonObject(),
        ["revision"] = null,
        ["target_modules"] = new JsonArray([.. options.Targets.Select(target => JsonValue.Create(target))]),
        ["task_type"] = "CAUSAL_LM",
        ["use_dora"] = false,
        ["use_rslora"] = options.IsRankStabilised,
    }.ToJsonString(Indented) + "\n";

    private static (LoraOptions Options, string? Base) Build(ConfigReader reader, JsonElement root)
    {
        RefuseUnsupported(reader, root);
        var options = new LoraOptions
        {
            Rank = reader.Int("r", 8),
            Alpha = reader.Double("lora_alpha", 8),
            Dropout = reader.Double("lora_dropout", 0),
            IsRankStabilised = reader.Bool("use_rslora", false),
            Targets = Targets(reader, root),
        };
        if (options.Rank is < 1 or > LoraOptions.MaxRank)
        {
            throw reader.Error("r", $"{options.Rank} is not in 1..{LoraOptions.MaxRank}");
        }

        if (!double.IsFinite(options.Alpha))
        {
            throw reader.Error("lora_alpha", $"{options.Alpha} is not a finite number");
        }

        return options.Dropout is >= 0 and < 1
            ? (options, reader.Has("base_model_name_or_path") ? reader.Text("base_model_name_or_path") : null)
            : throw reader.Error("lora_dropout", $"{options.Dropout} is not in [0, 1)");
    }

    private static void RefuseUnsupported(ConfigReader reader, JsonElement root)
    {
        var type = reader.Text("peft_type");
        if (type != "LORA")
        {
            throw reader.Error("peft_type", $"'{Excerpt.Of(type)}' is not supported; supported: LORA");
        }

        var bias = reader.Text("bias", "none");
        if (bias != "none")
        {
            throw reader.Error("bias", $"'{Excerpt.Of(bias)}' is not supported; supported: none");
        }

        foreach (var key in Unsupported)
        {
            if (root.TryGetProperty(key, out var value) && !IsOff(value))
            {
                throw reader.Error(key, $"{Excerpt.Of(value.GetRawText())} is not supported; supported: plain LoRA with one rank and alpha");
            }
        }
    }

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.Number => value.TryGetDouble(out var number) && number == 0,
        _ => false,
    };

    private static IReadOnlyList<string> Targets(ConfigReader reader, JsonElement root)
    {
        if (root.TryGetProperty("target_modules", out var value) && value.ValueKind == JsonValueKind.String)
        {
            return value.GetString() == AllLinear
                ? LoraOptions.AllTargets
                : throw reader.Error("target_modules", $"the pattern {Excerpt.Of(value.GetRawText())} is not supported; supported: {AllLinear} or a list of {string.Join(", ", LoraOptions.AllTargets)}");
        }

        var targets = reader.Texts("target_modules");
        return targets.Length > 0
            ? targets
            : throw reader.Error("target_modules", $"missing; name {AllLinear} or some of {string.Join(", ", LoraOptions.AllTargets)}");
    }

    private static byte[] ReadBounded(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            if (stream.Length > MaxBytes)
            {
                throw new CheckpointException($"{path}: {stream.Length} bytes, but an {FileName} has at most {MaxBytes}");
            }

            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read ({Excerpt.Of(error.Message)})", error);
        }
    }
}
