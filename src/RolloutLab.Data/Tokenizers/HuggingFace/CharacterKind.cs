using System.Globalization;

namespace RolloutLab.Data.HuggingFace;

/// <summary>What the patterns of tokenizers tell apart.</summary>
internal enum Kind : byte
{
    Other,
    Letter,
    Number,
    Space,
    NewLine,
}

/// <summary>
/// The kind of a code point: <c>\p{L}</c>, <c>\p{N}</c>, <c>\s</c> and the two newlines. .NET's character database is newer than
/// Oniguruma's: letters and digits of Unicode 15 and later are letters here and "other" there.
/// </summary>
internal static class CharacterKind
{
    private static readonly Kind[] Basic = [.. Enumerable.Range(0, 0x10000).Select(code => Classify(code))];

    /// <summary>The kind of the character at a position, and how many UTF-16 units it takes.</summary>
    public static Kind At(ReadOnlySpan<char> text, int at, out int length)
    {
        var c = text[at];
        if (!char.IsHighSurrogate(c) || at + 1 == text.Length)
        {
            length = 1;
            return Basic[c];
        }

        length = 2;
        return Classify(char.ConvertToUtf32(c, text[at + 1]));
    }

    /// <summary>Whether Rust's <c>\w</c> has a code point: alphabetic, marks, decimal digits, connectors and joiners.</summary>
    public static bool IsWord(int code) => CharUnicodeInfo.GetUnicodeCategory(code) switch
    {
        <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation => true,
        UnicodeCategory.OtherSymbol => code is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
        _ => code is 0x200C or 0x200D,
    };

    private static Kind Classify(int code) => CharUnicodeInfo.GetUnicodeCategory(code) switch
    {
        <= UnicodeCategory.OtherLetter => Kind.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
        _ => code is '\r' or '\n' ? Kind.NewLine : code < 0x10000 && char.IsWhiteSpace((char)code) ? Kind.Space : Kind.Other,
    };
}
