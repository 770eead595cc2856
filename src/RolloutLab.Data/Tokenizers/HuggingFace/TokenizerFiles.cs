using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Data.HuggingFace;

/// <summary>A <c>tokenizer.json</c> and what lies beside it. Kept by their bytes, so that they can be written again as they were.</summary>
internal sealed class TokenizerFiles
{
    public const string ConfigName = "tokenizer_config.json";
    public const string GenerationName = "generation_config.json";

    private const int MaxBesideBytes = 16 << 20;

    private readonly List<(string Name, byte[] Content)> _contents = [];

    /// <summary>Reads what lies beside a tokenizer.</summary>
    /// <param name="path">The tokenizer's file.</param>
    /// <param name="tokenizer">Its bytes.</param>
    /// <exception cref="DataException">A file cannot be read or is no JSON.</exception>
    public TokenizerFiles(string path, byte[] tokenizer)
    {
        Path = path;
        _contents.Add(("tokenizer.json", tokenizer));
        (Config, Generation, Model) = (ReadJson(ConfigName, keep: true), ReadJson(GenerationName, keep: true), ReadJson("config.json", keep: false));
        foreach (var name in new[] { "chat_template.jinja", "special_tokens_map.json" })
        {
            _ = ReadBytes(name) is { } content ? Kept(name, content) : null;
        }
    }

    /// <summary>The tokenizer's file.</summary>
    public string Path { get; }

    /// <summary><c>tokenizer_config.json</c>.</summary>
    public JsonSection? Config { get; }

    /// <summary><c>generation_config.json</c>.</summary>
    public JsonSection? Generation { get; }

    /// <summary>The model's <c>config.json</c>.</summary>
    public JsonSection? Model { get; }

    /// <summary>Names and bytes of the files that make up the tokenizer; the model's own configuration is not among them.</summary>
    public IReadOnlyList<(string Name, byte[] Content)> Contents => _contents;

    /// <summary>The path of a file beside the tokenizer.</summary>
    public string Beside(string name) => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path) ?? "", name);

    private JsonSection? ReadJson(string name, bool keep)
    {
        if (ReadBytes(name) is not { } bytes)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes);
            var section = new JsonSection(Beside(name), "", document.RootElement.Clone());
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw section.Error($"must be an object, not a JSON {document.RootElement.ValueKind}");
            }

            _ = keep ? Kept(name, bytes) : null;
            return section;
        }
        catch (JsonException error)
        {
            throw new DataException($"{Beside(name)}: not valid JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine})", error);
        }
    }

    private byte[] Kept(string name, byte[] content)
    {
        _contents.Add((name, content));
        return content;
    }

    private byte[]? ReadBytes(string name)
    {
        var path = Beside(name);
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            return new FileInfo(path).Length <= MaxBesideBytes
                ? File.ReadAllBytes(path)
                : throw new DataException($"{path}: larger than {MaxBesideBytes} bytes; it should be a small file");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read ({error.Message})", error);
        }
    }
}
