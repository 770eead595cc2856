using System.Text.RegularExpressions;

namespace RolloutLab.Rewards;

/// <summary>The part of a response that states its final answer.</summary>
/// <param name="Text">The part; empty when the answer is missing.</param>
/// <param name="IsMarked">Whether a marker pointed to it; otherwise it is the whole response.</param>
internal readonly partial record struct AnswerSegment(string Text, bool IsMarked)
{
    private const string Hashes = "####";
    private const string Boxed = "\\boxed{";

    /// <summary>The first LaTeX command in the part that may change the value of a number beside it; null when there is none.</summary>
    public string? UnreadLatexCommand => UnreadCommand().Match(Text) is { Success: true } match ? match.Value : null;

    /// <summary>
    /// Finds the part after the last marker: <c>\boxed{...}</c>, <c>####</c>, or <c>A:</c> or <c>Answer:</c> at the start of
    /// a line.
    /// </summary>
    public static AnswerSegment Find(string response)
    {
        var hashes = response.LastIndexOf(Hashes, StringComparison.Ordinal);

        // Only what stands after the last marker found so far can be a later one: mostly a line, where the response is long.
        var (label, labelEnd) = LastLabel(response, hashes);
        var marked = Math.Max(hashes, label);
        var boxed = response.AsSpan(Math.Max(0, marked)).LastIndexOf(Boxed, StringComparison.Ordinal);
        if (boxed >= 0)
        {
            return new AnswerSegment(Simplify(Braced(response.AsSpan(Math.Max(0, marked) + boxed + Boxed.Length)).ToString()), IsMarked: true);
        }

        if (marked < 0)
        {
            return new AnswerSegment(Simplify(response), IsMarked: false);
        }

        var after = response.AsSpan(hashes > label ? hashes + Hashes.Length : labelEnd).TrimStart();
        var lineEnd = after.IndexOfAny('\n', '\r');
        return new AnswerSegment(Simplify((lineEnd < 0 ? after : after[..lineEnd]).ToString()), IsMarked: true);
    }

    /// <summary>The last label that begins a line and stands after a position; -1 for none.</summary>
    private static (int Start, int End) LastLabel(string response, int position)
    {
        for (var end = response.Length; end > position;)
        {
            var start = end == 0 ? 0 : response.LastIndexOf('\n', end - 1) + 1;
            var line = response.AsSpan(start, end - start);
            var indent = line.Length - line.TrimStart(" \t*").Length;
            foreach (var label in (ReadOnlySpan<string>)["A:", "Answer:"])
            {
                if (line[indent..].StartsWith(label, StringComparison.Ordinal))
                {
                    return (start + indent, start + indent + label.Length);
                }
            }

            end = start - 1;
        }

        return (-1, -1);
    }

    /// <summary>What stands before the closing brace, inner braces matched; empty when it is never closed.</summary>
    private static ReadOnlySpan<char> Braced(ReadOnlySpan<char> text)
    {
        var depth = 1;
        for (var at = 0; at < text.Length; at++)
        {
            depth += text[at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return text[..at];
            }
        }

        return [];
    }

    /// <summary>Turns the ways LaTeX writes numbers into plain ones: <c>1{,}000</c>, <c>1\,000</c>, <c>\frac{1}{2}</c>.</summary>
    private static string Simplify(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal) && !text.Contains('{', StringComparison.Ordinal))
        {
            return text;
        }

        // A digit before a fraction makes a mixed number; the space keeps its two parts apart.
        var plain = Fraction().Replace(
            text, m => (m.Index > 0 && char.IsAsciiDigit(text[m.Index - 1]) ? " " : string.Empty) + $"{m.Groups[1]}/{m.Groups[2]}");
        return plain
            .Replace("{,}", ",", StringComparison.Ordinal)
            .Replace("\\,", string.Empty, StringComparison.Ordinal)
            .Replace("\\!", string.Empty, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\\[dt]?frac\{([0-9]{1,40})\}\{([0-9]{1,40})\}", RegexOptions.CultureInvariant)]
    private static partial Regex Fraction();

    // Any other command may change the value of the number beside it: \sqrt{16} is not 16.
    [GeneratedRegex(
        @"\\(?!(?:text[a-z]*|math[a-z]*|mbox|left|right|quad|qquad|displaystyle|boxed|circ|degree|pounds|euro|approx)\b)[a-zA-Z]+",
        RegexOptions.CultureInvariant)]
    private static partial Regex UnreadCommand();
}
