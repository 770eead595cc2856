using RolloutLab.Core;
using RolloutLab.Orchestration;

namespace RolloutLab.UnitTests.Orchestration;

public class PassAtKTests
{
    [Fact]
    public void Golden_value() => Assert.Equal(0.785714, PassAtK.Unbiased(8, 2, 4), 1e-6);

    [Fact]
    public void Matches_the_share_of_all_subsets_with_a_success()
    {
        for (var n = 1; n <= 7; n++)
        {
            for (var c = 0; c <= n; c++)
            {
                for (var k = 1; k <= n; k++)
                {
                    var subsets = Enumerable.Range(0, 1 << n).Where(s => System.Numerics.BitOperations.PopCount((uint)s) == k).ToList();
                    var share = subsets.Count(s => (s & ((1 << c) - 1)) != 0) / (double)subsets.Count;
                    Assert.Equal(share, PassAtK.Unbiased(n, c, k), 1e-12);
                }
            }
        }
    }

    [Theory]
    [InlineData("a+ b b", false)]
    [InlineData("b a+ a+", true)]
    [InlineData("a+ b", true)]
    [InlineData("b a+", false)]
    [InlineData("- - - a+", true)]
    [InlineData("- -", false)]
    public void Majority_counts_answers_and_breaks_ties_by_the_first_seen(string votes, bool expected)
    {
        var verdicts = votes.Split(' ').Select(v => v == "-" ? Verdict.Malformed("none")
            : v.EndsWith('+') ? Verdict.Correct(v[..^1]) : Verdict.Wrong(v, "wrong")).ToList();

        Assert.Equal(expected, PassAtK.Majority(verdicts));
    }
}
