using RolloutLab.Data;

namespace RolloutLab.UnitTests.Data;

/// <summary>The index against cosines of vectors that are written out.</summary>
public class TextSimilarityIndexTests
{
    private static readonly string[] Texts = ["6 7 4:46=", "7 6 4:46=", "6 7 4:46=", "1 2 3:6=", "10 10 10 10:99=", "6 7 4:45=", "A  cat\tsat", "a CAT sat", "aaaa", "aa"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Similarities_are_the_cosines_of_tf_idf_vectors(int gram)
    {
        var index = IndexOf(gram, Texts);

        foreach (var query in Texts.Append("6 7 5:46=").Append("nothing like it"))
        {
            var expected = Texts.Select((text, key) => (Key: key, Similarity: Cosine(query, text, Texts, gram))).Where(s => s.Similarity > 0)
                .OrderByDescending(s => Math.Round(s.Similarity, 12)).ThenBy(s => s.Key).ToList();
            var found = index.Nearest(query, Texts.Length, 0, _ => true);
            Assert.Equal(expected.Select(s => s.Key), found.Select(s => s.Key));
            Assert.All(found.Zip(expected), p => Assert.Equal(p.Second.Similarity, p.First.Similarity, 1e-12));
        }
    }

    [Fact]
    public void The_same_texts_give_the_same_bits_whatever_came_and_went_before()
    {
        var straight = IndexOf(3, Texts);
        var winding = new TextSimilarityIndex(3);
        foreach (var key in Enumerable.Range(0, Texts.Length).Reverse())
        {
            winding.Add(key, Texts[(key + 3) % Texts.Length]);
            winding.Add(100 + key, "9 9:1=" + key);
            _ = winding.Nearest("6 7", 3, 0, _ => true);
        }

        for (var key = 0; key < Texts.Length; key++)
        {
            winding.Remove(key);
            winding.Remove(100 + key);
            winding.Add(key, Texts[key]);
        }

        Assert.Equal(straight.Count, winding.Count);
        Assert.All(Texts, t => Assert.Equal(straight.Nearest(t, 99, 0, _ => true), winding.Nearest(t, 99, 0, _ => true)));
    }

    [Fact]
    public void Bounds_and_the_filter_hold_and_equal_texts_come_by_key()
    {
        var index = IndexOf(3, Texts);

        Assert.Equal([0, 2], index.Nearest(Texts[0], 2, 0, _ => true).Select(s => s.Key));
        Assert.Equal([2], index.Nearest(Texts[0], 1, 0, key => key != 0).Select(s => s.Key));
        Assert.All(index.Nearest(Texts[0], 99, 0.3, _ => true), s => Assert.InRange(s.Similarity, 0.3, 1));
        Assert.Empty(index.Nearest("zzz", 5, 0, _ => true));
        Assert.Throws<ArgumentException>(() => index.Add(0, "again"));
        index.Remove(77);
        Assert.Equal(Texts.Length, index.Count);
    }

    private static TextSimilarityIndex IndexOf(int gram, string[] texts)
    {
        var index = new TextSimilarityIndex(gram);
        for (var key = 0; key < texts.Length; key++)
        {
            index.Add(key, texts[key]);
        }

        return index;
    }

    private static double Cosine(string a, string b, string[] corpus, int gram)
    {
        var (x, y) = (Vector(a, corpus, gram), Vector(b, corpus, gram));
        var dot = x.Sum(p => p.Value * y.GetValueOrDefault(p.Key));
        return dot / Math.Sqrt(x.Values.Sum(v => v * v) * y.Values.Sum(v => v * v));
    }

    private static Dictionary<string, double> Vector(string text, string[] corpus, int gram) => Grams(text, gram).GroupBy(g => g).ToDictionary(
        g => g.Key,
        g => (1 + Math.Log(g.Count())) * (Math.Log((1.0 + corpus.Length) / (1 + corpus.Count(t => Grams(t, gram).Contains(g.Key)))) + 1));

    private static List<string> Grams(string text, int gram)
    {
        var normal = "<" + string.Join(' ', text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant() + ">";
        return [.. Enumerable.Range(0, Math.Max(0, normal.Length - gram + 1)).Select(i => normal.Substring(i, gram))];
    }
}
