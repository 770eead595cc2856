using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>One object of a JSON-lines file; typed access whose errors name file and line.</summary>
public readonly struct JsonlRow
{
    private readonly JsonElement _object;

    internal JsonlRow(string path, long line, JsonElement row) => (Path, Line, _object) = (path, line, row);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Number of the line in the file, from 1.</summary>
    public long Line { get; }

    /// <summary>File and line, as <c>path:line</c>.</summary>
    public string Where => $"{Path}:{Line}";

    /// <summary>A text field.</summary>
    /// <exception cref="DataException">It is missing, not a string, or holds a NUL or an unpaired surrogate.</exception>
    public string Text(string field)
    {
        var element = Required(field);
        return element.ValueKind == JsonValueKind.String ? Checked(field, element) : throw IllTyped(field, element, "a string");
    }

    /// <summary>A field that is text or a number; a number keeps the spelling of the file.</summary>
    /// <exception cref="DataException">It is missing, neither text nor a number, or text that <see cref="Text"/> rejects.</exception>
    public string TextOrNumber(string field)
    {
        var element = Required(field);
        return element.ValueKind switch
        {
            JsonValueKind.String => Checked(field, element),
            JsonValueKind.Number => element.GetRawText(),
            _ => throw IllTyped(field, element, "a string or a number"),
        };
    }

    /// <summary>A whole number in the 32-bit range.</summary>
    /// <exception cref="DataException">It is missing or anything else.</exception>
    public int Integer(string field)
    {
        var element = Required(field);
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value)
            ? value
            : throw IllTyped(field, element, "a whole number");
    }

    /// <summary>A finite number.</summary>
    /// <exception cref="DataException">It is missing or anything else.</exception>
    public double Number(string field)
    {
        var element = Required(field);
        return element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var value) && double.IsFinite(value)
            ? value
            : throw IllTyped(field, element, "a number");
    }

    /// <summary>The truth values of a name in those fields that are objects and have it.</summary>
    internal List<bool> Flags(string name)
    {
        var flags = new List<bool>();
        foreach (var property in _object.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty(name, out var flag)
                && flag.ValueKind is JsonValueKind.True or JsonValueKind.False)
            {
                flags.Add(flag.GetBoolean());
            }
        }

        return flags;
    }

    /// <summary>An array of whole numbers in the 32-bit range.</summary>
    /// <exception cref="DataException">It is missing or anything else.</exception>
    public int[] Integers(string field)
    {
        var array = Required(field);
        if (array.ValueKind != JsonValueKind.Array)
        {
            throw IllTyped(field, array, "an array of whole numbers");
        }

        var values = new int[array.GetArrayLength()];
        var at = 0;
        foreach (var element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out values[at++]))
            {
                throw IllTyped(field, element, "an array of whole numbers");
            }
        }

        return values;
    }

    /// <summary>Whether the object has the field.</summary>
    public bool Has(string field) => _object.TryGetProperty(field, out _);

    /// <summary>An error about this row.</summary>
    /// <param name="reason">What is wrong and the remedy, as one clause.</param>
    public DataException Error(string reason) => new($"{Where}: {reason}");

    /// <summary>Token ids of a text made from this row; its errors name the row.</summary>
    /// <exception cref="DataException">The text is empty or has a character the tokenizer lacks.</exception>
    internal int[] Encode(ITokenizer tokenizer, string text, string what)
    {
        int[] tokenIds;
        try
        {
            tokenIds = tokenizer.Encode(text);
        }
        catch (DataException error)
        {
            throw Error($"the {what} cannot be tokenized: {error.Message}");
        }

        return tokenIds.Length > 0 ? tokenIds : throw Error($"the {what} is empty");
    }

    private JsonElement Required(string field) =>
        _object.TryGetProperty(field, out var value)
            ? value
            : throw Error($"field '{field}' is missing; the line has {Fields()}");

    private string Fields()
    {
        var names = string.Join(", ", _object.EnumerateObject().Take(8).Select(p => $"'{p.Name}'"));
        return names.Length == 0 ? "no fields" : names;
    }

    private string Checked(string field, JsonElement element)
    {
        string text;
        try
        {
            text = element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Error($"field '{field}' has an unpaired surrogate escape, which no text encoding can express");
        }

        return text.Contains('\0') ? throw Error($"field '{field}' has a NUL character") : text;
    }

    private DataException IllTyped(string field, JsonElement found, string expected) =>
        Error($"field '{field}' must be {expected}, not {Describe(found)}");

    private static string Describe(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Number)
        {
            return $"a JSON {element.ValueKind}";
        }

        var raw = element.GetRawText();
        return raw.Length <= 32 ? raw : raw[..32] + "...";
    }
}
