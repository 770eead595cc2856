using System.Text.Json;
using System.Text.Unicode;
using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>
/// Parses the JSON header of a safetensors file and checks everything a hostile file could get wrong: types, sizes and
/// offsets, so that every byte of the data belongs to exactly one tensor.
/// </summary>
internal static class SafetensorsHeader
{
    private const string MetadataKey = "__metadata__";

    private static readonly string SupportedTypes = string.Join(", ", Enum.GetNames<SafetensorsType>());

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>The tensors in the order of their data, and the metadata.</summary>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataLength">Bytes in the file after the header.</param>
    /// <param name="path">What messages call the file.</param>
    public static (SafetensorsEntry[] Entries, IReadOnlyDictionary<string, string> Metadata) Parse(
        ReadOnlyMemory<byte> json, long dataLength, string path)
    {
        if (json.Length == 0 || json.Span[0] != (byte)'{' || !Utf8.IsValid(json.Span))
        {
            throw new CheckpointException($"{path}: header is not a JSON object; the file is damaged or not a safetensors file");
        }

        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            var entries = new List<SafetensorsEntry>();
            IReadOnlyDictionary<string, string> metadata = new Dictionary<string, string>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.NameEquals(MetadataKey))
                {
                    metadata = ReadMetadata(property.Value, path);
                }
                else
                {
                    entries.Add(ReadEntry(property.Name, property.Value, path));
                }
            }

            return (CheckCoverage(entries, dataLength, path), metadata);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // An escaped lone surrogate in a name passes the JSON grammar and only fails when the text is taken out.
            throw new CheckpointException($"{path}: header is not valid JSON ({Excerpt.Of(error.Message)}); the file is damaged", error);
        }
    }

    private static Dictionary<string, string> ReadMetadata(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Error(path, MetadataKey, "is not an object of strings");
        }

        var metadata = new Dictionary<string, string>();
        foreach (var property in value.EnumerateObject())
        {
            metadata[property.Name] = property.Value.ValueKind == JsonValueKind.String
                ? property.Value.GetString()!
                : throw Error(path, MetadataKey, $"'{Excerpt.Of(property.Name)}' is not a string");
        }

        return metadata;
    }

    private static SafetensorsEntry ReadEntry(string name, JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Error(path, name, "is not described by an object");
        }

        SafetensorsType? type = null;
        long[]? shape = null, offsets = null;
        foreach (var property in value.EnumerateObject())
        {
            switch (property.Name)
            {
                case "dtype":
                    type = ReadType(name, property.Value, path);
                    break;
                case "shape":
                    shape = ReadIntegers(name, "shape", property.Value, path);
                    break;
                case "data_offsets":
                    offsets = ReadIntegers(name, "data_offsets", property.Value, path);
                    break;
                default:
                    throw Error(path, name, $"unknown key '{Excerpt.Of(property.Name)}'; known: dtype, shape, data_offsets");
            }
        }

        if (type is null || shape is null || offsets is not [var begin, var end])
        {
            throw Error(path, name, "needs dtype, shape and two data_offsets");
        }

        return Check(new SafetensorsEntry(name, type.Value, shape, begin, end), path);
    }

    private static SafetensorsType ReadType(string name, JsonElement value, string path)
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        // Enum.TryParse alone would also take numbers and lists.
        return Enum.TryParse<SafetensorsType>(text, out var type) && type.ToString() == text
            ? type
            : throw Error(path, name, $"dtype '{Excerpt.Of(text)}' is not supported; supported: {SupportedTypes}");
    }

    private static long[] ReadIntegers(string name, string key, JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Error(path, name, $"{key} is not a list");
        }

        var numbers = new long[value.GetArrayLength()];
        var i = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out numbers[i]) || numbers[i] < 0)
            {
                throw Error(path, name, $"{key} has {Excerpt.Of(item.GetRawText())}, which is not an integer of at least 0");
            }

            i++;
        }

        return numbers;
    }

    private static SafetensorsEntry Check(SafetensorsEntry entry, string path)
    {
        if (entry.Begin > entry.End)
        {
            throw Error(path, entry.Name, $"data_offsets {entry.Begin}..{entry.End} run backwards");
        }

        long bytes = entry.Type.ByteSize();
        foreach (var size in entry.Shape)
        {
            bytes = Math.BigMul(bytes, size, out var low) == 0 && low >= 0
                ? low
                : throw Error(path, entry.Name, "the product of its shape exceeds 64 bits");
        }

        return bytes == entry.End - entry.Begin
            ? entry
            : throw Error(path, entry.Name, $"shape and dtype need {bytes} bytes, but data_offsets hold {entry.End - entry.Begin}");
    }

    /// <summary>Sorts by offset and checks that the tensors cover the data without a gap or an overlap.</summary>
    private static SafetensorsEntry[] CheckCoverage(List<SafetensorsEntry> entries, long dataLength, string path)
    {
        // Tensors without elements share their offset with a neighbour; ending first, they come first.
        var sorted = entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End).ToArray();
        long covered = 0;
        foreach (var entry in sorted)
        {
            if (entry.End > dataLength)
            {
                throw Error(
                    path, entry.Name, $"ends at byte {entry.End} of the data, but the file has {dataLength}; it is damaged or was cut off");
            }

            if (entry.Begin != covered)
            {
                var reason = entry.Begin < covered ? "overlaps another tensor" : $"leaves a gap of {entry.Begin - covered} bytes before it";
                throw Error(path, entry.Name, reason);
            }

            covered = entry.End;
        }

        return covered == dataLength
            ? sorted
            : throw new CheckpointException(
                $"{path}: {dataLength - covered} bytes after the last tensor belong to none; the file is damaged");
    }

    private static CheckpointException Error(string path, string name, string reason) => new($"{path}: {Excerpt.Of(name)}: {reason}");
}
