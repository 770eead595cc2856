using System.Text;

namespace RolloutLab.Data.HuggingFace;

/// <summary>
/// Texts with one UTF-16 unit for each code point, for .NET's regular expressions, which see units: a code point beyond the first
/// 65,536 is replaced by a rare one of the same general category, which a pattern of categories cannot tell from it.
/// </summary>
internal static class CodePointText
{
    // One for each category, in the order of UnicodeCategory; U+FFFD where none lies beyond the first 65,536.
    private const string StandIns =
        "\u1E00\u1E01\u1F88\u1D2C\uA016\u0F39\u0F3E\u0488\uA9D0\u2187\u2CFD\u3000\uFFFD\uFFFD\uFFFD\u0601\uFFFD\uE000\u2040\uFE58"
        + "\u2045\u2046\u2E02\u2E03\u2E30\u208A\uA838\uA700\uA490\uFDD0";

    private static readonly HashSet<string> Categories =
    [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Co", "Cn",
    ];

    public static bool IsCategory(string name) => Categories.Contains(name);

    /// <summary>A text as described above; the same text where it has no surrogates.</summary>
    public static string Of(ReadOnlySpan<char> text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append(rune.IsBmp ? (char)rune.Value : StandInFor(rune));
        }

        return result.ToString();
    }

    /// <summary>Whether a range names a character that stands in for others, so that the others would be taken for it.</summary>
    public static bool HasStandIn(char first, char last) => StandIns.AsSpan().ContainsAnyInRange(first, last);

    private static char StandInFor(Rune rune) => StandIns[(int)Rune.GetUnicodeCategory(rune)];
}
