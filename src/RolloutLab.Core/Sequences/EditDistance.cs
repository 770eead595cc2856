using System.Runtime.Intrinsics;

namespace RolloutLab.Core;

/// <summary>
/// The Levenshtein distance of token sequences, 64 cells at once: G. Myers, "A fast bit-vector algorithm for approximate
/// string matching", JACM 46(3), 1999, in its form for patterns of several words (H. Hyyrö, 2003).
/// </summary>
public static class EditDistance
{
    private const int WordBits = 64;
    private const int StackWords = 64;

    /// <summary>Fewest insertions, deletions and substitutions of single tokens that turn one sequence into the other.</summary>
    /// <param name="a"><c>[m]</c>, may be empty.</param>
    /// <param name="b"><c>[n]</c>, may be empty.</param>
    /// <returns>In [|m - n|, max(m, n)]; O(n · ceil(m / 64)) time for the shorter sequence m.</returns>
    public static int Between(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        var common = a.CommonPrefixLength(b);
        var pattern = a.Length <= b.Length ? a[common..] : b[common..];
        var text = a.Length <= b.Length ? b[common..] : a[common..];
        if (pattern.IsEmpty)
        {
            return text.Length;
        }

        var words = (pattern.Length + WordBits - 1) / WordBits;
        Span<ulong> columns = words <= StackWords ? stackalloc ulong[2 * words] : new ulong[2 * words];
        return Run(pattern, text, columns[..words], columns[words..]);
    }

    private static int Run(ReadOnlySpan<int> pattern, ReadOnlySpan<int> text, Span<ulong> rises, Span<ulong> falls)
    {
        rises.Fill(ulong.MaxValue);
        falls.Clear();
        var distance = pattern.Length;
        var last = (pattern.Length - 1) % WordBits;
        foreach (var token in text)
        {
            // The row above the first one rises by one for each token of the text.
            var (rise, fall) = (1UL, 0UL);
            for (var word = 0; word < rises.Length; word++)
            {
                var start = word * WordBits;
                var equal = Matches(pattern[start..Math.Min(pattern.Length, start + WordBits)], token);
                Advance(ref rises[word], ref falls[word], equal, ref rise, ref fall, word == rises.Length - 1 ? last : WordBits - 1);
            }

            distance += (int)rise - (int)fall;
        }

        return distance;
    }

    /// <summary>Moves one word of a column to the next token; rise and fall come in from above and leave at a bit.</summary>
    private static void Advance(ref ulong rises, ref ulong falls, ulong equal, ref ulong rise, ref ulong fall, int lastBit)
    {
        var vertical = equal | falls;
        equal |= fall;
        var horizontal = (((equal & rises) + rises) ^ rises) | equal;
        var up = falls | ~(horizontal | rises);
        var down = rises & horizontal;
        var (upIn, downIn) = (rise, fall);
        rise = (up >> lastBit) & 1;
        fall = (down >> lastBit) & 1;
        up = (up << 1) | upIn;
        down = (down << 1) | downIn;
        rises = down | ~(vertical | up);
        falls = up & vertical;
    }

    /// <summary>Bit i: whether token i of at most 64 is the given one.</summary>
    private static ulong Matches(ReadOnlySpan<int> tokens, int token)
    {
        var wanted = Vector256.Create(token);
        var bits = 0UL;
        var i = 0;
        for (; i + Vector256<int>.Count <= tokens.Length; i += Vector256<int>.Count)
        {
            bits |= (ulong)Vector256.Equals(Vector256.Create(tokens[i..]), wanted).ExtractMostSignificantBits() << i;
        }

        for (; i < tokens.Length; i++)
        {
            bits |= tokens[i] == token ? 1UL << i : 0;
        }

        return bits;
    }
}
