using System.Globalization;
using System.Text;

namespace RolloutLab.Recipes;

/// <summary>Reads and writes single values in the part of YAML that every reader agrees on.</summary>
internal static class ScalarFormat
{
    public static string Write(bool value) => value ? "true" : "false";

    public static string Write(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The shortest text that reads back as the same number, always with a decimal point.</summary>
    public static string Write(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
        int exponent = text.IndexOf('e', StringComparison.Ordinal);
        string mantissa = exponent < 0 ? text : text[..exponent];
        string point = mantissa.Contains('.', StringComparison.Ordinal) ? "" : ".0";
        return mantissa + point + text[mantissa.Length..];
    }

    /// <summary>Text, quoted whenever it could be read as anything else.</summary>
    public static string Write(string value) => IsPlain(value) ? value : Quote(value);

    public static bool TryReadNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite & ~NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    public static bool TryReadInteger(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static bool IsPlain(string value) =>
        value.Length > 0
        && (char.IsAsciiLetter(value[0]) || value[0] is '/' or '_')
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '/' or '.' or '-')
        && value.ToLowerInvariant() is not ("null" or "true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n");

    private static string Quote(string value)
    {
        var quoted = new StringBuilder("\"");
        foreach (Rune rune in value.EnumerateRunes())
        {
            quoted.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when DisplayText.IsPrintable(rune) => rune.ToString(),
                _ => $"\\U{rune.Value:x8}",
            });
        }

        return quoted.Append('"').ToString();
    }
}
