namespace RolloutLab.Data.HuggingFace;

/// <summary>
/// The patterns of GPT-2, Llama 3 and Qwen, by hand: they decide how fast a text is encoded. Each step below is an alternative of
/// the pattern, in its order; an apostrophe's contraction, letters, numbers, other characters, and three rules for white space.
/// </summary>
internal sealed class WordPattern : IPieceStep
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
    private const string Rest = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private readonly bool _modern;
    private readonly int _maxDigits;

    private WordPattern(bool modern, int maxDigits) => (_modern, _maxDigits) = (modern, maxDigits);

    /// <summary>GPT-2's pattern, which <c>ByteLevel</c> has with <c>use_regex</c>.</summary>
    public static WordPattern Gpt2 { get; } = new(modern: false, int.MaxValue);

    /// <summary>The scanner for a pattern; null for one that is not known here.</summary>
    public static WordPattern? For(string pattern) => pattern switch
    {
        Contractions + "\\p{N}" + Rest => new WordPattern(modern: true, 1),
        Contractions + "\\p{N}{1,3}" + Rest => new WordPattern(modern: true, 3),
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+" => Gpt2,
        _ => null,
    };

    /// <inheritdoc/>
    public void Apply(Piece piece, bool isStart, List<Piece> into)
    {
        var text = piece.Span;
        for (var at = 0; at < text.Length;)
        {
            var end = _modern ? EndOfModern(text, at) : EndOfGpt2(text, at);
            into.Add(new Piece(piece.Text, piece.Start + at, end - at));
            at = end;
        }
    }

    private int EndOfModern(ReadOnlySpan<char> text, int at)
    {
        if (text[at] == '\'' && Contraction(text, at) is > 0 and var contraction)
        {
            return at + contraction;
        }

        var kind = CharacterKind.At(text, at, out var length);
        var next = at + length;
        switch (kind)
        {
            case Kind.Letter:
                return EndOf(Kind.Letter, text, next);
            case Kind.Number:
                return EndOf(Kind.Number, text, next, _maxDigits - 1);
            case Kind.Space or Kind.Other when next < text.Length && CharacterKind.At(text, next, out _) == Kind.Letter:
                return EndOf(Kind.Letter, text, next);
            case Kind.Other:
                return EndOfNewLines(text, EndOf(Kind.Other, text, next));
            case Kind.Space when text[at] == ' ' && next < text.Length && CharacterKind.At(text, next, out _) == Kind.Other:
                return EndOfNewLines(text, EndOf(Kind.Other, text, next));
            default:
                return EndOfSpaces(text, at, newLinesFirst: true);
        }
    }

    private static int EndOfGpt2(ReadOnlySpan<char> text, int at)
    {
        if (text[at] == '\'' && Contraction(text, at, ignoreCase: false) is > 0 and var contraction)
        {
            return at + contraction;
        }

        var start = text[at] == ' ' && at + 1 < text.Length ? at + 1 : at;
        var kind = CharacterKind.At(text, start, out var length);
        return kind is Kind.Space or Kind.NewLine ? EndOfSpaces(text, at, newLinesFirst: false) : EndOf(kind, text, start + length);
    }

    private static int EndOf(Kind kind, ReadOnlySpan<char> text, int at, int most = int.MaxValue)
    {
        while (most-- > 0 && at < text.Length && CharacterKind.At(text, at, out var length) == kind)
        {
            at += length;
        }

        return at;
    }

    private static int EndOfNewLines(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && text[at] is '\r' or '\n')
        {
            at++;
        }

        return at;
    }

    // \s*[\r\n]+ takes up to the last newline; \s+(?!\S) leaves the last blank before a word; \s+ takes what is left.
    private static int EndOfSpaces(ReadOnlySpan<char> text, int at, bool newLinesFirst)
    {
        var (end, lastNewLine) = (at, -1);
        while (end < text.Length && CharacterKind.At(text, end, out _) is Kind.Space or Kind.NewLine)
        {
            lastNewLine = text[end] is '\r' or '\n' ? end : lastNewLine;
            end++;
        }

        return newLinesFirst && lastNewLine >= 0 ? lastNewLine + 1 : end == text.Length || end - at == 1 ? end : end - 1;
    }

    // Length of 's, 't, 're, 've, 'm, 'll or 'd; 0 for none. Without regard to case, U+017F is an s.
    private static int Contraction(ReadOnlySpan<char> text, int at, bool ignoreCase = true)
    {
        var first = at + 1 < text.Length ? Fold(text[at + 1], ignoreCase) : '\0';
        var second = at + 2 < text.Length ? Fold(text[at + 2], ignoreCase) : '\0';
        return first is 's' or 't' or 'm' or 'd' ? 2 : (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    private static char Fold(char c, bool ignoreCase) => !ignoreCase ? c : c == '\u017f' ? 's' : char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
}
