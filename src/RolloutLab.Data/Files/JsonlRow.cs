using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>One object of a JSON-lines file, or one row of a table; typed access whose errors name file and line.</summary>
public readonly struct JsonlRow
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly JsonElement _object;
    private readonly IReadOnlyList<string>? _columns;

    internal JsonlRow(string path, long line, JsonElement row, IReadOnlyList<string>? columns = null) =>
        (Path, Line, _object, _columns) = (path, line, row, columns);

    /// <summary>A row that was read from another kind of file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="line">Its number there, from 1.</param>
    /// <param name="row">An object; the row is valid as long as it is.</param>
    /// <param name="columns">The table's columns, for messages: the object may have fewer. Null for those of the object.</param>
    public static JsonlRow Of(string path, long line, JsonElement row, IReadOnlyList<string>? columns = null) => new(path, line, row, columns);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Number of the line in the file, from 1.</summary>
    public long Line { get; }

    /// <summary>Whether it is a row of a table, whose objects all have the same members.</summary>
    internal bool IsOfTable => _columns is not null;

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

    /// <summary>All fields that are finite numbers, by name.</summary>
    public Dictionary<string, double> Numbers()
    {
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var property in _object.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetDouble(out var value) && double.IsFinite(value))
            {
                numbers[property.Name] = value;
            }
        }

        return numbers;
    }

    /// <summary>The truth values of a name in those fields that are objects and have it.</summary>
    internal List<bool> Flags(string name) => [.. ObjectsWith(name).Select(o => o.Flag(name))];

    /// <summary>Those fields that are objects with a truth value of a name, as rows of their own.</summary>
    public IReadOnlyList<JsonlRow> ObjectsWith(string flag)
    {
        var objects = new List<JsonlRow>();
        foreach (var property in _object.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty(flag, out var value)
                && value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            {
                objects.Add(new JsonlRow(Path, Line, property.Value));
            }
        }

        return objects;
    }

    /// <summary>A truth value.</summary>
    /// <exception cref="DataException">It is missing or anything else.</exception>
    public bool Flag(string field)
    {
        var element = Required(field);
        return element.ValueKind is JsonValueKind.True or JsonValueKind.False ? element.GetBoolean() : throw IllTyped(field, element, "true or false");
    }

    /// <summary>An object inside this one.</summary>
    /// <exception cref="DataException">It is missing or anything else.</exception>
    public JsonlRow Object(string field)
    {
        var element = Required(field);
        return element.ValueKind == JsonValueKind.Object ? new JsonlRow(Path, Line, element) : throw IllTyped(field, element, "an object");
    }

    /// <summary>An array of objects.</summary>
    /// <exception cref="DataException">It is missing or anything else.</exception>
    public IReadOnlyList<JsonlRow> Objects(string field) =>
        Elements(field, "an array of objects", e => e.ValueKind == JsonValueKind.Object, e => e).ConvertAll(Nested);

    /// <summary>An array of text.</summary>
    /// <exception cref="DataException">It is missing or anything else.</exception>
    public IReadOnlyList<string> Texts(string field)
    {
        var row = this;
        return Elements(field, "an array of strings", e => e.ValueKind == JsonValueKind.String, e => row.Checked(field, e));
    }

    /// <summary>An array of finite numbers.</summary>
    /// <exception cref="DataException">It is missing or anything else.</exception>
    public double[] NumberList(string field) => [.. Elements(
        field, "an array of numbers", e => e.ValueKind == JsonValueKind.Number && e.TryGetDouble(out var value) && double.IsFinite(value), e => e.GetDouble())];

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

    /// <summary>Whether the object has the field and it is not null.</summary>
    public bool HasValue(string field) => _object.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>Whether the field is text.</summary>
    public bool IsText(string field) => _object.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String;

    /// <summary>A field that may hold anything, as compact JSON.</summary>
    /// <param name="field">The field.</param>
    /// <param name="withNulls">Whether members of objects that are null are written too.</param>
    /// <exception cref="DataException">It is missing.</exception>
    public string Json(string field, bool withNulls = true)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Compact))
        {
            if (withNulls)
            {
                Required(field).WriteTo(json);
            }
            else
            {
                WriteWithoutNulls(json, Required(field));
            }
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static void WriteWithoutNulls(Utf8JsonWriter json, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var member in element.EnumerateObject().Where(m => m.Value.ValueKind != JsonValueKind.Null))
                {
                    json.WritePropertyName(member.Name);
                    WriteWithoutNulls(json, member.Value);
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    WriteWithoutNulls(json, item);
                }

                json.WriteEndArray();
                break;
            default:
                element.WriteTo(json);
                break;
        }
    }

    /// <summary>Whether the field is an array.</summary>
    public bool IsArray(string field) => _object.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Array;

    /// <summary>An error about this row.</summary>
    /// <param name="reason">What is wrong and the remedy, as one clause.</param>
    public DataException Error(string reason) => new($"{Where}: {reason}");

    /// <summary>Token ids of a text made from this row, with what the tokenizer puts around a text that stands alone; its errors name the row.</summary>
    /// <exception cref="DataException">The text is empty or has a character the tokenizer lacks.</exception>
    internal int[] Encode(ITokenizer tokenizer, string text, string what, bool standsAlone = false)
    {
        int[] tokenIds;
        try
        {
            tokenIds = standsAlone ? tokenizer.EncodeDocumentOnce(text) : tokenizer.Encode(text);
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
            : throw Error($"field '{field}' is missing; the {(_columns is null ? "line" : "file")} has {Fields()}");

    /// <summary>The names of its fields, or of the first of them, for messages.</summary>
    public string Fields()
    {
        const int Shown = 16;
        var all = _columns ?? [.. _object.EnumerateObject().Select(p => p.Name)];
        var names = string.Join(", ", all.Take(Shown).Select(name => $"'{name}'"));
        return names.Length == 0 ? "no fields" : all.Count > Shown ? $"{names} and {all.Count - Shown} more" : names;
    }

    private JsonlRow Nested(JsonElement element) => new(Path, Line, element);

    private List<T> Elements<T>(string field, string expected, Func<JsonElement, bool> fits, Func<JsonElement, T> read)
    {
        var array = Required(field);
        if (array.ValueKind != JsonValueKind.Array)
        {
            throw IllTyped(field, array, expected);
        }

        var values = new List<T>(array.GetArrayLength());
        foreach (var element in array.EnumerateArray())
        {
            values.Add(fits(element) ? read(element) : throw IllTyped(field, element, expected));
        }

        return values;
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

    internal DataException IllTyped(string field, string expected) => IllTyped(field, Required(field), expected);

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
