using System.Text;
using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Finds the chat template of a model folder: <c>chat_template.jinja</c>, else <c>chat_template</c> of <c>tokenizer_config.json</c>,
/// which is text or a list of named templates, of which <c>default</c> is taken. The special tokens that
/// <c>tokenizer_config.json</c> names go with it.
/// </summary>
public static class ChatTemplateFolder
{
    private const string ConfigName = "tokenizer_config.json";
    private const string TemplateName = "chat_template.jinja";
    private const int MaxBytes = 64 << 20;

    private static readonly string[] TokenNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>The folder's template; null where it has none.</summary>
    /// <param name="folder">A model or tokenizer folder.</param>
    /// <exception cref="DataException">A file cannot be read, or the template is damaged or uses what is not supported: file, key, line.</exception>
    public static ChatTemplate? Find(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var (config, template) = (Path.Combine(folder, ConfigName), Path.Combine(folder, TemplateName));
        using var document = File.Exists(config) ? Parse(config) : null;
        var tokens = document is null ? [] : Tokens(document.RootElement);
        return File.Exists(template) ? ChatTemplate.Parse(Text(template), template, tokens)
            : document is not null && document.RootElement.TryGetProperty("chat_template", out var value) && value.ValueKind != JsonValueKind.Null
                ? ChatTemplate.Parse(Default(config, value), $"{config}: chat_template", tokens)
                : null;
    }

    /// <summary>A template in a file of its own, with the special tokens of a folder.</summary>
    /// <param name="path">The Jinja file.</param>
    /// <param name="folder">The tokenizer's folder; null where there is none.</param>
    /// <exception cref="DataException">A file cannot be read, or the template is damaged or uses what is not supported.</exception>
    public static ChatTemplate Open(string path, string? folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var config = folder is null ? null : Path.Combine(folder, ConfigName);
        using var document = File.Exists(config) ? Parse(config) : null;
        return ChatTemplate.Parse(Text(path), path, document is null ? [] : Tokens(document.RootElement));
    }

    private static string Default(string config, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return Unicode(config, value);
        }

        var named = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Where(IsNamed).ToList() : [];
        foreach (var template in named)
        {
            if (template.GetProperty("name").ValueEquals("default"))
            {
                return Unicode(config, template.GetProperty("template"));
            }
        }

        var names = named.Count == 0 ? "none" : string.Join(", ", named.Select(t => $"'{Unicode(config, t.GetProperty("name"))}'"));
        throw new DataException($"{config}: chat_template must be text, or a list of named templates of which one is 'default'; it names {names}");
    }

    private static string Unicode(string config, JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new DataException($"{config}: chat_template has an unpaired surrogate escape", error);
        }
    }

    private static bool IsNamed(JsonElement template) => template.ValueKind == JsonValueKind.Object
        && template.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String
        && template.TryGetProperty("template", out var text) && text.ValueKind == JsonValueKind.String;

    /// <summary>Special tokens by the names templates know them by: text, or an object whose <c>content</c> is the text.</summary>
    private static Dictionary<string, JsonElement> Tokens(JsonElement config)
    {
        var tokens = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var name in TokenNames)
        {
            if (config.TryGetProperty(name, out var value))
            {
                var text = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("content", out var content) ? content : value;
                if (text.ValueKind == JsonValueKind.String)
                {
                    tokens[name] = text.Clone();
                }
            }
        }

        return tokens;
    }

    private static JsonDocument Parse(string path)
    {
        try
        {
            var document = JsonDocument.Parse(Text(path));
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            throw new DataException($"{path}: must be one JSON object");
        }
        catch (JsonException error)
        {
            throw new DataException($"{path}: not valid JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine})", error);
        }
    }

    private static string Text(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaxBytes
                ? File.ReadAllText(path, Encoding.UTF8)
                : throw new DataException($"{path}: larger than {MaxBytes} bytes; this is no file of a tokenizer");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read ({error.Message}); check the path", error);
        }
    }
}
