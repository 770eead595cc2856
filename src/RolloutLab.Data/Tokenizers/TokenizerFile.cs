using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Data.HuggingFace;

namespace RolloutLab.Data;

/// <summary>
/// Reads and stores tokenizers. A Hugging Face <c>tokenizer.json</c> is known by its <c>model</c>, and read with what lies beside it
/// (<see cref="HuggingFaceTokenizer"/>); our own are small JSON files:
/// <code>
/// {"type":"rolloutlab.character","symbols":["0","1"],"end_of_text":"&lt;end&gt;"}
/// {"type":"rolloutlab.bytes","special_tokens":["&lt;|endoftext|&gt;"],"end_of_text":"&lt;|endoftext|&gt;"}
/// </code>
/// Ids follow from the order: a symbol's id is its position and the end token comes last; bytes are 0 to 255 and special
/// tokens follow.
/// </summary>
public static class TokenizerFile
{
    /// <summary>Largest file that is read, in bytes.</summary>
    public const int MaxBytes = 256 << 20;

    private const string CharacterType = "rolloutlab.character";
    private const string BytesType = "rolloutlab.bytes";

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>Writes a tokenizer; the same tokenizer gives the same bytes.</summary>
    /// <exception cref="DataException">The file cannot be written; whatever was there before is unchanged.</exception>
    /// <exception cref="ArgumentException">The tokenizer is of a kind that has no file form.</exception>
    public static void Save(string path, ITokenizer tokenizer)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (tokenizer is HuggingFaceTokenizer huggingFace)
        {
            SaveFiles(path, huggingFace);
            return;
        }

        var (type, listName, list, end) = tokenizer switch
        {
            CharacterTokenizer character => (CharacterType, "symbols", character.Symbols, character.EndOfText),
            ByteTokenizer bytes => (BytesType, "special_tokens", bytes.SpecialTokens, bytes.EndOfText),
            _ => throw new ArgumentException($"{tokenizer?.GetType().Name ?? "null"} has no file form", nameof(tokenizer)),
        };

        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Readable))
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            json.WriteStartArray(listName);
            foreach (var item in list)
            {
                json.WriteStringValue(item);
            }

            json.WriteEndArray();
            json.WriteString("end_of_text", end);
            json.WriteEndObject();
        }

        DataFile.WriteLines(path, [Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length)]);
    }

    /// <summary>Reads a tokenizer.</summary>
    /// <exception cref="DataException">The file is missing, too large, not JSON, of an unknown type, or its lists are unusable.</exception>
    public static ITokenizer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            var bytes = ReadBounded(path);
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("model", out _))
            {
                return new HuggingFaceTokenizer(new TokenizerFiles(path, bytes), document.RootElement);
            }

            using var own = JsonDocument.Parse(bytes, Strict);
            return Create(path, own.RootElement);
        }
        catch (JsonException error)
        {
            throw new DataException($"{path}: not valid JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine})", error);
        }
        catch (ArgumentException error)
        {
            // The tokenizer's constructor judges the lists; the name of its parameter means nothing to a user.
            throw new DataException($"{path}: {error.Message.Split(" (Parameter", 2)[0].ReplaceLineEndings(" ")}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read ({error.Message})", error);
        }
    }

    // The tokenizer under the name that is asked for, the others beside it unless they are there already.
    private static void SaveFiles(string path, HuggingFaceTokenizer tokenizer)
    {
        var folder = Path.GetDirectoryName(path) ?? "";
        foreach (var (name, content) in tokenizer.Files.Skip(1))
        {
            var beside = Path.Combine(folder, name);
            if (!File.Exists(beside))
            {
                DataFile.WriteBytes(beside, content);
            }
        }

        DataFile.WriteBytes(path, tokenizer.Files[0].Content);
    }

    private static byte[] ReadBounded(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read);
        if (stream.Length > MaxBytes)
        {
            throw new DataException($"{path}: larger than {MaxBytes} bytes; this is no tokenizer");
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static ITokenizer Create(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new DataException($"{path}: must be one JSON object");
        }

        var type = Text(path, Required(path, root, "type"), "type");
        if (type is not (CharacterType or BytesType))
        {
            throw new DataException($"{path}: 'type' is '{type}'; known are '{CharacterType}', '{BytesType}' and a Hugging Face tokenizer.json");
        }

        var end = Text(path, Required(path, root, "end_of_text"), "end_of_text");
        if (end.Length == 0)
        {
            throw new DataException($"{path}: 'end_of_text' is empty; name the end token");
        }

        return type == CharacterType
            ? new CharacterTokenizer(Texts(path, root, "symbols"), end)
            : new ByteTokenizer(Texts(path, root, "special_tokens"), end);
    }

    private static JsonElement Required(string path, JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) ? value : throw new DataException($"{path}: '{name}' is missing");

    private static List<string> Texts(string path, JsonElement root, string name)
    {
        var array = Required(path, root, name);
        return array.ValueKind == JsonValueKind.Array
            ? [.. array.EnumerateArray().Select((item, at) => Text(path, item, $"{name}[{at}]"))]
            : throw new DataException($"{path}: '{name}' must be an array of strings, not a JSON {array.ValueKind}");
    }

    private static string Text(string path, JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw new DataException($"{path}: '{name}' must be a string, not a JSON {value.ValueKind}");
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new DataException($"{path}: '{name}' has an unpaired surrogate escape", error);
        }
    }
}
