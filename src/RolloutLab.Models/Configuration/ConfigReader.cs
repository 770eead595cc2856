using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>Typed access to one JSON object whose errors name the file and the key. An explicit null counts as absent.</summary>
internal readonly struct ConfigReader(string path, JsonElement root, string prefix = "")
{
    public bool Has(string key) => Find(key) is not null;

    public int Int(string key, int? fallback = null) => (int)Math.Clamp(Long(key, fallback), int.MinValue, int.MaxValue);

    public long Long(string key, long? fallback = null)
    {
        if (Find(key) is not { } value)
        {
            return fallback ?? throw Missing(key);
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? number
            : throw WrongType(key, value, "an integer");
    }

    public double Double(string key, double fallback)
    {
        if (Find(key) is not { } value)
        {
            return fallback;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            ? number
            : throw WrongType(key, value, "a number");
    }

    /// <summary>A number that must be there.</summary>
    public double Double(string key) => Has(key) ? Double(key, 0) : throw Missing(key);

    public double? OptionalDouble(string key) => Has(key) ? Double(key, 0) : null;

    public bool Bool(string key, bool fallback) => Find(key) switch
    {
        null => fallback,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw WrongType(key, value, "true or false"),
    };

    public string Text(string key, string? fallback = null) => Find(key) switch
    {
        null => fallback ?? throw Missing(key),
        { ValueKind: JsonValueKind.String } value => value.GetString()!,
        { } value => throw WrongType(key, value, "a string"),
    };

    public string[] Texts(string key)
    {
        if (Find(key) is not { } value)
        {
            return [];
        }

        var reader = this;
        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(item =>
                item.ValueKind == JsonValueKind.String ? item.GetString()! : throw reader.WrongType(key, value, "a list of strings"))]
            : throw WrongType(key, value, "a list of strings");
    }

    /// <summary>The object under a key, or null when it is absent.</summary>
    public ConfigReader? Section(string key)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Object
            ? new ConfigReader(path, value, $"{prefix}{key}.")
            : throw WrongType(key, value, "an object");
    }

    public CheckpointException Error(string key, string reason) => new($"{path}: {prefix}{key}: {reason}");

    private CheckpointException Missing(string key) => Error(key, "missing; add it as in the model's Hugging Face config.json");

    private CheckpointException WrongType(string key, JsonElement value, string expected) =>
        Error(key, $"{Excerpt.Of(value.GetRawText())} is not {expected}");

    private JsonElement? Find(string key) =>
        root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
