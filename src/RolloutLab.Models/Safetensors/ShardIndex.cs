using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary><c>model.safetensors.index.json</c>: which shard holds which tensor.</summary>
internal static class ShardIndex
{
    /// <summary>Name of the file.</summary>
    public const string FileName = ModelFolder.WeightsFile + ".index.json";

    private const int MaxBytes = 1 << 26;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads an index: file names by tensor name. Each file name is plain and ends in <c>.safetensors</c>.</summary>
    /// <exception cref="CheckpointException">The file is unreadable or damaged, or names a file outside of its folder.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        var bytes = ReadBounded(path);
        if (!Utf8.IsValid(bytes))
        {
            throw new CheckpointException($"{path}: not valid UTF-8; the file is damaged");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
            {
                throw new CheckpointException($"{path}: weight_map is missing or not an object; the file is damaged");
            }

            return map.EnumerateObject().ToDictionary(pair => pair.Name, pair => FileOf(pair, path), StringComparer.Ordinal);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // An escaped lone surrogate passes the JSON grammar and only fails when the text is taken out.
            throw new CheckpointException($"{path}: not valid JSON ({Excerpt.Of(error.Message)}); the file is damaged", error);
        }
    }

    /// <summary>Writes an index; the bytes depend on its content alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="files">File names by tensor name.</param>
    /// <param name="totalBytes">Bytes of all tensors.</param>
    public static void Write(string path, IReadOnlyDictionary<string, string> files, long totalBytes)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            json.WriteNumber("total_size", totalBytes);
            json.WriteEndObject();
            json.WriteStartObject("weight_map");
            foreach (var (tensor, file) in files.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.WriteString(tensor, file);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        CheckpointFile.Write(path, stream =>
        {
            stream.Write(buffer.WrittenSpan);
            stream.WriteByte((byte)'\n');
        });
    }

    private static string FileOf(JsonProperty pair, string path)
    {
        var name = pair.Value.ValueKind == JsonValueKind.String ? pair.Value.GetString()! : "";
        return FolderFile.IsPlainName(name) && name.EndsWith(".safetensors", StringComparison.Ordinal)
            ? name
            : throw new CheckpointException(
                $"{path}: weight_map.{Excerpt.Of(pair.Name)}: {Excerpt.Of(pair.Value.GetRawText())} is not the name of a .safetensors file in the same folder");
    }

    private static byte[] ReadBounded(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            if (stream.Length > MaxBytes)
            {
                throw new CheckpointException($"{path}: {stream.Length} bytes, but an index has at most {MaxBytes}");
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
