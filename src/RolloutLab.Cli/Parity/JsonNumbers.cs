using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RolloutLab.Cli;

/// <summary>JSON as numeric libraries write it: with the bare words NaN, Infinity and -Infinity, which JSON does not have.</summary>
internal static class JsonNumbers
{
    private static readonly string[] Words = ["NaN", "-Infinity", "Infinity"];

    /// <summary>The text with those words, outside of strings, as strings.</summary>
    public static string Quote(string json)
    {
        if (!Words.Any(w => json.Contains(w, StringComparison.Ordinal)))
        {
            return json;
        }

        var result = new StringBuilder(json.Length + 16);
        var inString = false;
        for (var i = 0; i < json.Length; i++)
        {
            if (!inString && Words.FirstOrDefault(w => json.AsSpan(i).StartsWith(w, StringComparison.Ordinal)) is { } word)
            {
                result.Append('"').Append(word).Append('"');
                i += word.Length - 1;
                continue;
            }

            if (inString && json[i] == '\\' && i + 1 < json.Length)
            {
                result.Append(json[i++]);
            }
            else if (json[i] == '"')
            {
                inString = !inString;
            }

            result.Append(json[i]);
        }

        return result.ToString();
    }

    /// <summary>Reads a number, also one of those words; false for anything else.</summary>
    public static bool TryRead(JsonElement element, out double value)
    {
        value = double.NaN;
        return element.ValueKind switch
        {
            JsonValueKind.Number => element.TryGetDouble(out value),
            JsonValueKind.String when Words.Contains(element.GetString()) =>
                double.TryParse(element.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out value),
            _ => false,
        };
    }
}
