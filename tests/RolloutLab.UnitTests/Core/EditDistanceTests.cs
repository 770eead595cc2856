using RolloutLab.Core;
using RolloutLab.Engine;
using RolloutLab.UnitTests.Engine;

namespace RolloutLab.UnitTests.Core;

public sealed class EditDistanceTests
{
    [Theory]
    [InlineData(new int[0], new int[0], 0)]
    [InlineData(new int[0], new[] { 4, 5 }, 2)]
    [InlineData(new[] { 1, 2, 3 }, new[] { 9, 2, 3 }, 1)]
    [InlineData(new[] { 1, 2, 3 }, new[] { 2, 3 }, 1)]
    [InlineData(new[] { 1, 2, 3, 4 }, new[] { 4, 3, 2, 1 }, 4)]
    [InlineData(new[] { 11, 9, 20, 20, 5, 14 }, new[] { 19, 9, 20, 20, 9, 14, 7 }, 3)]
    public void Hand_counted(int[] a, int[] b, int distance) => Assert.Equal(distance, EditDistance.Between(a, b));

    [Fact]
    public void Equals_the_table_for_every_length_about_a_words_end()
    {
        var random = new Random(3);
        for (var trial = 0; trial < 400; trial++)
        {
            var symbols = random.Next(2, 9);
            int[] a = [.. Enumerable.Range(0, random.Next(0, 200)).Select(_ => random.Next(symbols))];
            int[] b = trial % 3 == 0 ? [.. a.Where(_ => random.Next(8) > 0)] : [.. Enumerable.Range(0, random.Next(0, 200)).Select(_ => random.Next(symbols))];
            Assert.Equal(NaiveLatr.Levenshtein(a, b), EditDistance.Between(a, b));
        }
    }

    [Fact]
    public void Windows_are_compared_as_written_down()
    {
        Assert.Equal(1 / 3.0, WindowSimilarity.EditDistance([1, 2, 3], [9, 2, 3]), 1e-12);

        // The suffix 2 3 of the first lies inside the second; no suffix of the second lies inside the first.
        Assert.Equal(2 / 4.0, WindowSimilarity.SuffixMatch([5, 1, 2, 3], [2, 3, 7, 7]), 1e-12);
        Assert.Equal(0, WindowSimilarity.SuffixMatch([1, 2], [3, 4]));
        Assert.Equal(1, WindowSimilarity.SuffixMatch([1, 2], [1, 2]));

        // The longest common subsequence is 1 3 5.
        Assert.Equal(3 / 5.0, WindowSimilarity.RougeL([1, 2, 3, 4, 5], [1, 9, 3, 5, 8]), 1e-12);
    }
}
