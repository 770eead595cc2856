using System.Globalization;

namespace RolloutLab.Data;

/// <summary>A text of an index and how alike it is to a query.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Similarity">In [0, 1]; 1 for texts of the same n-grams.</param>
public readonly record struct SimilarText(int Key, double Similarity);

/// <summary>
/// Finds texts like another by the cosine of TF-IDF vectors of their character n-grams, over an inverted index. Letters
/// count as lower case, runs of white space as one space, and both ends as characters of their own; a gram that occurs n
/// times in a text, and in d of the D texts, weighs (1 + ln n)·(ln((1 + D)/(1 + d)) + 1). A query costs what its grams'
/// lists hold. The results depend on the texts alone, not on the order in which they came, to the last bit.
/// </summary>
public sealed class TextSimilarityIndex
{
    /// <summary>Most characters of a gram: as many as fit into 64 bits.</summary>
    public const int MaxGram = 4;

    private const char Start = '\u0002';
    private const char End = '\u0003';

    private readonly int _gram;
    private readonly Dictionary<int, Entry> _entries = [];
    private readonly Dictionary<ulong, Term> _terms = [];
    private bool _isStale;

    /// <summary>An empty index.</summary>
    /// <param name="gram">Characters of a gram, 1 to <see cref="MaxGram"/>.</param>
    public TextSimilarityIndex(int gram)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(gram, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(gram, MaxGram);
        _gram = gram;
    }

    /// <summary>Number of texts.</summary>
    public int Count => _entries.Count;

    /// <summary>Adds a text; O(its length).</summary>
    /// <exception cref="ArgumentException">The key is taken.</exception>
    public void Add(int key, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var grams = Grams(text).ToList();
        var entry = new Entry(new Term[grams.Count], new double[grams.Count]);
        _entries.Add(key, entry);
        for (var i = 0; i < grams.Count; i++)
        {
            if (!_terms.TryGetValue(grams[i].Gram, out var term))
            {
                _terms[grams[i].Gram] = term = new Term(grams[i].Gram);
            }

            (entry.Terms[i], entry.Weights[i]) = (term, grams[i].Weight);
            term.Texts[key] = grams[i].Weight;
        }

        _isStale = true;
    }

    /// <summary>Removes a text, if it is there; O(its length).</summary>
    public void Remove(int key)
    {
        if (!_entries.Remove(key, out var entry))
        {
            return;
        }

        foreach (var term in entry.Terms)
        {
            term.Texts.Remove(key);
            if (term.Texts.Count == 0)
            {
                _terms.Remove(term.Gram);
            }
        }

        _isStale = true;
    }

    /// <summary>The texts most like a query, the most alike first, equal ones by key.</summary>
    /// <param name="query">The query.</param>
    /// <param name="count">Most results.</param>
    /// <param name="least">Least similarity of a result; a text without a common gram is never one.</param>
    /// <param name="isWanted">Whether the text of a key may be a result.</param>
    public IReadOnlyList<SimilarText> Nearest(string query, int count, double least, Predicate<int> isWanted)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(isWanted);
        Refresh();
        var scores = new Dictionary<int, double>();
        var squares = 0.0;
        foreach (var (gram, weight) in Grams(query))
        {
            var term = _terms.GetValueOrDefault(gram);
            var own = weight * (term?.Rarity ?? Rarity(0));
            squares += own * own;
            foreach (var (key, other) in term?.Texts ?? [])
            {
                scores[key] = scores.GetValueOrDefault(key) + (own * other * term!.Rarity);
            }
        }

        // The grams of a query come in a fixed order, so each sum adds up in a fixed order too.
        return [.. scores
            .Select(s => new SimilarText(s.Key, Math.Min(1, s.Value / (Math.Sqrt(squares) * _entries[s.Key].Length))))
            .Where(s => s.Similarity >= least && isWanted(s.Key))
            .OrderByDescending(s => s.Similarity).ThenBy(s => s.Key)
            .Take(count)];
    }

    private double Rarity(int texts) => Math.Log((1.0 + _entries.Count) / (1 + texts)) + 1;

    /// <summary>Brings rarities and lengths up to date after texts came or went; O(all grams).</summary>
    private void Refresh()
    {
        if (!_isStale)
        {
            return;
        }

        foreach (var term in _terms.Values)
        {
            term.Rarity = Rarity(term.Texts.Count);
        }

        foreach (var entry in _entries.Values)
        {
            var squares = 0.0;
            for (var i = 0; i < entry.Terms.Length; i++)
            {
                var weight = entry.Weights[i] * entry.Terms[i].Rarity;
                squares += weight * weight;
            }

            entry.Length = Math.Sqrt(squares);
        }

        _isStale = false;
    }

    /// <summary>The grams of a text, ascending, with 1 + ln of their counts.</summary>
    private IEnumerable<(ulong Gram, double Weight)> Grams(string text)
    {
        var counts = new SortedDictionary<ulong, int>();
        var normal = Normalized(text);
        for (var i = 0; i + _gram <= normal.Length; i++)
        {
            var gram = 0UL;
            for (var k = 0; k < _gram; k++)
            {
                gram = (gram << 16) | normal[i + k];
            }

            counts[gram] = counts.GetValueOrDefault(gram) + 1;
        }

        return counts.Select(c => (c.Key, 1 + Math.Log(c.Value)));
    }

    private static ReadOnlySpan<char> Normalized(string text)
    {
        var normal = new char[text.Length + 2];
        var length = 0;
        normal[length++] = Start;
        foreach (var character in text.Trim())
        {
            var next = char.IsWhiteSpace(character) ? ' ' : char.ToLower(character, CultureInfo.InvariantCulture);
            if (next != ' ' || normal[length - 1] != ' ')
            {
                normal[length++] = next;
            }
        }

        normal[length++] = End;
        return normal.AsSpan(0, length);
    }

    /// <summary>A gram: the texts that have it, and their weights.</summary>
    private sealed class Term(ulong gram)
    {
        public ulong Gram => gram;

        public Dictionary<int, double> Texts { get; } = [];

        public double Rarity { get; set; }
    }

    /// <summary>A text: its grams, ascending, and their weights.</summary>
    private sealed class Entry(Term[] terms, double[] weights)
    {
        public Term[] Terms => terms;

        public double[] Weights => weights;

        public double Length { get; set; }
    }
}
