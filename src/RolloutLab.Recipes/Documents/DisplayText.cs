using System.Globalization;
using System.Text;

namespace RolloutLab.Recipes;

/// <summary>Makes text that a user wrote fit to stand inside a one-line message.</summary>
internal static class DisplayText
{
    /// <summary>The text with control characters and line breaks replaced, cut to a readable length.</summary>
    public static string Shorten(string text, int maxLength = 60)
    {
        var shortened = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (shortened.Length >= maxLength)
            {
                return shortened.Append("...").ToString();
            }

            shortened.Append(IsPrintable(rune) ? rune.ToString() : "?");
        }

        return shortened.ToString();
    }

    /// <summary>Whether a character is safe to show as it is.</summary>
    public static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);
}
