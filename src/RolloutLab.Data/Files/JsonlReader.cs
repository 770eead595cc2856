using System.Text.Json;
using System.Text.Unicode;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Reads JSON-lines files that may be hostile: every fault is one <see cref="DataException"/> that names file and line.
/// Blank lines and a byte order mark are skipped.
/// </summary>
public static class JsonlReader
{
    /// <summary>Longest line in bytes.</summary>
    public const int MaxLineBytes = 1 << 20;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>The file's objects in order. A row is valid until the next one is asked for.</summary>
    /// <param name="path">The file.</param>
    /// <param name="place">Told before each row where it begins in the file, in bytes; null for nobody.</param>
    /// <exception cref="DataException">
    /// The file cannot be read, or a line is longer than <see cref="MaxLineBytes"/>, holds a NUL or invalid UTF-8, or is not
    /// one JSON object.
    /// </exception>
    public static IEnumerable<JsonlRow> Read(string path, Action<long>? place = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ReadRows(path, place);
    }

    private static IEnumerable<JsonlRow> ReadRows(string path, Action<long>? place)
    {
        using var lines = new LineReader(path);
        foreach (var row in Read(lines, path))
        {
            place?.Invoke(lines.Offset);
            yield return row;
        }
    }

    /// <summary>The rows of an open file, whose position tells where the row last returned was.</summary>
    internal static IEnumerable<JsonlRow> Read(LineReader lines, string path)
    {
        while (lines.TryNext(out var line))
        {
            if (line.Span.Trim(" \t\r"u8).IsEmpty)
            {
                continue;
            }

            using var document = Parse($"{path}:{lines.Number}", line);
            yield return new JsonlRow(path, lines.Number, document.RootElement);
        }
    }

    /// <summary>The object of one line; the caller disposes it.</summary>
    internal static JsonDocument Parse(string where, ReadOnlyMemory<byte> line)
    {
        if (line.Span.Contains((byte)0))
        {
            throw new DataException($"{where}: the line has a NUL byte; the file is damaged or not text");
        }

        if (!Utf8.IsValid(line.Span))
        {
            throw new DataException($"{where}: the line is not valid UTF-8; convert the file to UTF-8");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(line, Strict);
        }
        catch (JsonException error)
        {
            throw new DataException($"{where}: not valid JSON ({Reason(error)}); each line must be one JSON object", error);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        using (document)
        {
            var found = document.RootElement.ValueKind;
            throw new DataException($"{where}: a JSON {found} where an object is needed; each line must be one JSON object");
        }
    }

    // The parser's message ends with its own line number, which is always 0 here.
    private static string Reason(JsonException error)
    {
        var message = error.Message.Split(". LineNumber", 2)[0].ReplaceLineEndings(" ").TrimEnd('.');
        return $"{message}, at byte {error.BytePositionInLine}";
    }
}
