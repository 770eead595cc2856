namespace RolloutLab.Batching;

/// <summary>
/// Recognises the prefixes that sequences share. In lexical order the sequences of a prefix tree stand in preorder, and
/// what one shares with all before it is what it shares with its neighbour.
/// </summary>
public static class PrefixOrder
{
    /// <summary>Orders sequences by their prompts, then by their responses, token by token.</summary>
    public static IComparer<PackedSequence> Comparer { get; } = Comparer<PackedSequence>.Create(Compare);

    /// <summary>
    /// The sequences in lexical order (equal ones as given), each with its <see cref="PackedSequence.SharedPrefix"/>;
    /// 0 for the first. O(tokens + n log n comparisons).
    /// </summary>
    public static List<PackedSequence> Arrange(IEnumerable<PackedSequence> sequences)
    {
        var ordered = sequences.Order(Comparer).ToList();
        for (var i = 0; i < ordered.Count; i++)
        {
            ordered[i] = ordered[i] with { SharedPrefix = i == 0 ? 0 : CommonPrefix(ordered[i - 1], ordered[i]) };
        }

        return ordered;
    }

    private static int Compare(PackedSequence a, PackedSequence b)
    {
        var prompts = a.PromptIds.AsSpan().SequenceCompareTo(b.PromptIds);
        return prompts != 0 ? prompts : a.ResponseIds.AsSpan().SequenceCompareTo(b.ResponseIds);
    }

    private static int CommonPrefix(PackedSequence a, PackedSequence b)
    {
        var prompts = a.PromptIds.AsSpan().CommonPrefixLength(b.PromptIds);
        return prompts == a.PromptIds.Length && prompts == b.PromptIds.Length
            ? prompts + a.ResponseIds.AsSpan().CommonPrefixLength(b.ResponseIds)
            : prompts;
    }
}
