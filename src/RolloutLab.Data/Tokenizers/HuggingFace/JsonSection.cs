using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Data.HuggingFace;

/// <summary>A value of a tokenizer's JSON file; whatever is wrong with it is one line that names file and key.</summary>
/// <param name="file">The file.</param>
/// <param name="key">Its path in the file, as <c>model.vocab</c>; empty for the whole file.</param>
/// <param name="value">The value.</param>
internal readonly struct JsonSection(string file, string key, JsonElement value)
{
    public JsonElement Value => value;

    public bool IsNull => value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    public DataException Error(string problem) => new($"{file}: {(key.Length == 0 ? "the file" : $"'{key}'")} {problem}");

    /// <summary>A member; null where it is absent or null.</summary>
    public JsonSection? Optional(string name)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Error($"must be an object, not a JSON {value.ValueKind}");
        }

        var path = key.Length == 0 ? name : $"{key}.{name}";
        return value.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? new JsonSection(file, path, member) : null;
    }

    public JsonSection Required(string name)
    {
        var (self, found) = (this, Optional(name));
        return found ?? throw self.Error($"has no '{name}'");
    }

    public string Text()
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw Error($"must be a string, not a JSON {value.ValueKind}");
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Error("has an unpaired surrogate escape or bytes that are no UTF-8");
        }
    }

    public bool Flag(string name, bool fallback) => Optional(name) is not { } flag ? fallback
        : flag.Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? flag.Value.GetBoolean()
        : throw flag.Error($"must be true or false, not a JSON {flag.Value.ValueKind}");

    public string Text(string name) => Required(name).Text();

    /// <summary>A token id.</summary>
    public int Id() => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id is >= 0 and < BpeVocabulary.MaxSize
        ? id
        : throw Error($"must be a token id, a whole number from 0 below {BpeVocabulary.MaxSize}");

    public int Integer(string name, int fallback) => Optional(name) is not { } number ? fallback
        : number.Value.ValueKind == JsonValueKind.Number && number.Value.TryGetInt32(out var integer) ? integer
        : throw number.Error("must be a whole number");

    public IEnumerable<JsonSection> Items()
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Error($"must be an array, not a JSON {value.ValueKind}");
        }

        var (source, path) = (file, key);
        return value.EnumerateArray().Select((item, at) => new JsonSection(source, $"{path}[{at}]", item));
    }

    /// <summary>The parts of a <c>Sequence</c>, or this alone.</summary>
    public IEnumerable<JsonSection> Sequence(string parts)
    {
        if (Text("type") != "Sequence")
        {
            return [this];
        }

        return Required(parts).Items().SelectMany(part => part.Sequence(parts));
    }

    /// <summary>Throws unless a setting is one that changes nothing.</summary>
    public void RequireUnset(string name, params ReadOnlySpan<string> harmless)
    {
        if (Optional(name) is { } set && !harmless.Contains(set.Value.GetRawText()))
        {
            var shown = set.Value.GetRawText();
            throw set.Error($"is {(shown.Length > 60 ? shown[..60] + "..." : shown).ReplaceLineEndings(" ")}, which is not supported");
        }
    }
}
