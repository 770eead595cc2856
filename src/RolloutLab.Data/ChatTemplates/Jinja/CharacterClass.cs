namespace RolloutLab.Data.Jinja;

/// <summary>What Python takes for white space.</summary>
internal static class CharacterClass
{
    /// <summary>Python's <c>str.isspace</c>: Unicode white space, and the four information separators that .NET leaves out.</summary>
    public static bool IsPythonSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    /// <summary>How many characters at the end are white space.</summary>
    public static int TrailingSpaces(ReadOnlySpan<char> text)
    {
        var kept = text.Length;
        while (kept > 0 && IsPythonSpace(text[kept - 1]))
        {
            kept--;
        }

        return text.Length - kept;
    }

    /// <summary>How many characters at the start are white space.</summary>
    public static int LeadingSpaces(ReadOnlySpan<char> text)
    {
        var at = 0;
        while (at < text.Length && IsPythonSpace(text[at]))
        {
            at++;
        }

        return at;
    }
}
