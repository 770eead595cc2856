namespace RolloutLab.Data.HuggingFace;

/// <summary>
/// The ids of words seen before. A word has one place, which the next word with the same place takes over, so the size is fixed;
/// entries are immutable and swapped whole, so threads may share it without a lock.
/// </summary>
internal sealed class WordCache
{
    private const int Places = 1 << 15;
    private const int LongestWord = 48;

    private readonly Entry?[] _entries = new Entry?[Places];

    private sealed record Entry(string Word, int[] Ids);

    public static bool Takes(ReadOnlySpan<char> word) => word.Length <= LongestWord;

    /// <summary>The place of a word.</summary>
    public static int PlaceOf(ReadOnlySpan<char> word)
    {
        var hash = 0x9E3779B97F4A7C15UL ^ (ulong)word.Length;
        foreach (var c in word)
        {
            hash = (hash ^ c) * 0xD6E8FEB86659FD93UL;
        }

        return (int)(hash >> 40) & (Places - 1);
    }

    public int[]? Find(ReadOnlySpan<char> word, int place) =>
        Volatile.Read(ref _entries[place]) is { } entry && word.SequenceEqual(entry.Word) ? entry.Ids : null;

    public void Put(ReadOnlySpan<char> word, int place, int[] ids) => Volatile.Write(ref _entries[place], new Entry(word.ToString(), ids));
}
