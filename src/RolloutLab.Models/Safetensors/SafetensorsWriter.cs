using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>
/// Writes safetensors files. The bytes are a function of the tensors alone: wide types first, then by name in ordinal
/// order, the header padded with spaces to a multiple of 8. A file appears complete or not at all: it is written beside
/// its place, flushed to the disk and renamed.
/// </summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;

    // The header is data, not HTML: only what JSON itself demands is escaped.
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a file, replacing one of the same name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors in any order.</param>
    /// <param name="metadata">Strings for <c>__metadata__</c>; null for none.</param>
    /// <exception cref="ArgumentException">Two tensors share a name, or one wrote another number of bytes than its shape says.</exception>
    /// <exception cref="CheckpointException">
    /// The disk is full or the folder cannot be written; what was at <paramref name="path"/> is untouched.
    /// </exception>
    public static void Write(string path, IEnumerable<SafetensorsSource> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        var ordered = tensors
            .OrderByDescending(tensor => tensor.Type.ByteSize())
            .ThenBy(tensor => tensor.Name, StringComparer.Ordinal)
            .ToArray();
        var header = Header(ordered, metadata ?? new Dictionary<string, string>());
        CheckpointFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (var tensor in ordered)
            {
                WriteTensor(stream, tensor);
            }
        });
    }

    private static void WriteTensor(Stream stream, SafetensorsSource tensor)
    {
        var start = stream.Position;
        tensor.WriteTo(stream);
        if (stream.Position - start != tensor.ByteCount)
        {
            throw new ArgumentException(
                $"tensor {tensor.Name} wrote {stream.Position - start} bytes, its shape needs {tensor.ByteCount}", nameof(tensor));
        }
    }

    private static byte[] Header(SafetensorsSource[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write((ReadOnlySpan<byte>)stackalloc byte[sizeof(long)]);
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            long offset = 0;
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                {
                    throw new ArgumentException($"two tensors are named {tensor.Name}", nameof(tensors));
                }

                WriteEntry(json, tensor, offset);
                offset += tensor.ByteCount;
            }

            json.WriteEndObject();
        }

        var padding = (Alignment - (buffer.WrittenCount % Alignment)) % Alignment;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        var header = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - sizeof(long));
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0)
        {
            return;
        }

        json.WriteStartObject("__metadata__");
        foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, SafetensorsSource tensor, long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type.ToString());
        json.WriteStartArray("shape");
        foreach (var size in tensor.Shape)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset + tensor.ByteCount);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
