namespace RolloutLab.Engine;

/// <summary>How similar two stretches of tokens are, in the measures that LATR prunes by.</summary>
public static class WindowSimilarity
{
    private const int StackTokens = 256;

    /// <summary>Edit distance by the length of the longer window; 0 for equal ones.</summary>
    public static double EditDistance(ReadOnlySpan<int> a, ReadOnlySpan<int> b) =>
        (double)Core.EditDistance.Between(a, b) / Math.Max(1, Math.Max(a.Length, b.Length));

    /// <summary>
    /// The longest suffix of either window that occurs anywhere in the other, by the length of the longer window; in [0, 1].
    /// </summary>
    public static double SuffixMatch(ReadOnlySpan<int> a, ReadOnlySpan<int> b) =>
        (double)Math.Max(LongestSuffix(a, b), LongestSuffix(b, a)) / Math.Max(1, Math.Max(a.Length, b.Length));

    /// <summary>ROUGE-L: the F1 of the longest common subsequence, 2 · LCS / (|a| + |b|); in [0, 1].</summary>
    public static double RougeL(ReadOnlySpan<int> a, ReadOnlySpan<int> b) =>
        a.Length + b.Length == 0 ? 0 : 2.0 * LongestCommonSubsequence(a, b) / (a.Length + b.Length);

    /// <summary>Length of the longest suffix of one window that occurs in the other.</summary>
    private static int LongestSuffix(ReadOnlySpan<int> suffixOf, ReadOnlySpan<int> text)
    {
        var longest = 0;
        for (var end = text.Length; end > longest; end--)
        {
            var length = 0;
            while (length < Math.Min(end, suffixOf.Length) && suffixOf[^(length + 1)] == text[end - 1 - length])
            {
                length++;
            }

            longest = Math.Max(longest, length);
        }

        return longest;
    }

    private static int LongestCommonSubsequence(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        Span<int> row = b.Length < StackTokens ? stackalloc int[b.Length + 1] : new int[b.Length + 1];
        row.Clear();
        foreach (var token in a)
        {
            var diagonal = 0;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = token == b[j - 1] ? diagonal + 1 : Math.Max(above, row[j - 1]);
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
