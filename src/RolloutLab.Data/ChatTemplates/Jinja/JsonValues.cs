using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace RolloutLab.Data.Jinja;

/// <summary>JSON as template values.</summary>
internal static class JsonValues
{
    public static object? From(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => FromObject(json),
        JsonValueKind.Array => new JinjaList(json.EnumerateArray().Select(From)),
        JsonValueKind.String => Text(json),
        JsonValueKind.Number => Number(json),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static JinjaDict FromObject(JsonElement json)
    {
        var dictionary = new JinjaDict();
        foreach (var property in json.EnumerateObject())
        {
            dictionary[property.Name] = From(property.Value);
        }

        return dictionary;
    }

    private static string Text(JsonElement json)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new JinjaException("a string of the chat has an unpaired surrogate");
        }
    }

    // As Python reads them: whole without a point or exponent, of any size; else a float.
    private static object Number(JsonElement json)
    {
        var text = json.GetRawText();
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
        {
            return json.GetDouble();
        }

        return json.TryGetInt64(out var integer)
            ? integer
            : text.Length <= 1000 ? BigInteger.Parse(text, CultureInfo.InvariantCulture) : throw new JinjaException("a number of the chat has more than 1000 digits");
    }
}
