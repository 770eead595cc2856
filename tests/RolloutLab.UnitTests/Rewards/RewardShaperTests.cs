using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Rewards;

namespace RolloutLab.UnitTests.Rewards;

public class RewardShaperTests
{
    private static readonly RewardSection Plain = new() { VerifierWeight = 1 };

    [Theory]
    [InlineData(79, 0)]
    [InlineData(80, 0)]
    [InlineData(85, -.25)]
    [InlineData(100, -1)]
    [InlineData(120, -1)]
    public void Overlong_answers_are_penalised_in_a_line_up_to_the_limit(int length, float expected) =>
        Assert.Equal([1, expected], Shape(Plain with { Overlong = new OverlongSection(1, 20, 100) }, length, Verdict.Correct("1")).Parts);

    [Theory]
    [InlineData(true, 0, 1)]
    [InlineData(true, 50, .75)]
    [InlineData(true, 100, .5)]
    [InlineData(true, 300, .5)]
    [InlineData(false, 0, -1)]
    [InlineData(false, 100, -.5)]
    public void Cosine_prefers_short_right_and_long_wrong_answers(bool right, int length, float expected)
    {
        var verdict = right ? Verdict.Correct("1") : Verdict.Wrong("2", "no");

        var shaped = Shape(Plain with { Cosine = new CosineSection(1, 0, 1, .5, -1, -.5) }, length, verdict);

        Assert.Equal(expected, shaped.Parts[1], 1e-6f);
    }

    [Fact]
    public void Repetition_is_the_share_of_ngrams_seen_before()
    {
        // 1 2 3, 2 3 1, 3 1 2, 1 2 3: one of four repeats.
        Assert.Equal(-.25, RewardShaper.RepetitionPenalty([1, 2, 3, 1, 2, 3], 3));
        Assert.Equal(-.75, RewardShaper.RepetitionPenalty([7, 7, 7, 7], 1));
        Assert.Equal(0, RewardShaper.RepetitionPenalty([1, 2], 3));
    }

    [Fact]
    public void Format_asks_for_an_answer_or_for_a_pattern()
    {
        var section = Plain with { Format = new FormatSection(.5, null) };

        Assert.Equal(1.5f, Shape(section, 3, Verdict.Correct("1")).Reward);
        Assert.Equal(0f, Shape(section, 3, Verdict.Malformed("nothing")).Reward);
        Assert.Equal(.5f, Shape(Plain with { Format = new FormatSection(.5, "^a+b") }, 3, Verdict.Wrong("1", "no"), "aaab").Reward);
        Assert.Equal(0f, Shape(Plain with { Format = new FormatSection(.5, "^a+b") }, 3, Verdict.Wrong("1", "no"), "ba").Reward);
    }

    [Theory]
    [InlineData(.25, .25f)]
    [InlineData(-.5, -.5f)]
    public void Truncated_answers_keep_what_the_recipe_says(double coefficient, float expected)
    {
        var section = Plain with { Truncated = new TruncatedSection(coefficient) };

        Assert.Equal(expected, Shape(section, 5, Verdict.Correct("1"), finish: FinishReason.Length).Reward);
        Assert.Equal(1f, Shape(section, 5, Verdict.Correct("1")).Reward);
    }

    [Fact]
    public void The_reward_is_the_weighted_sum_of_its_parts()
    {
        var section = new RewardSection { VerifierWeight = 2, Overlong = new OverlongSection(.5, 10, 100), Repetition = new RepetitionSection(4, 1) };

        var shaped = Shape(section, 95, Verdict.Correct("1"));

        // Half of the buffer is used; 95 different tokens.
        Assert.Equal([1, -.5f, 0], shaped.Parts);
        Assert.Equal(1.75f, shaped.Reward);
        Assert.True(shaped.IsCorrect);
    }

    [Fact]
    public void No_verdict_stays_absent()
    {
        var shaped = Shape(Plain with { Format = new FormatSection(1, null) }, 5, Verdict.Fault("broken"));

        Assert.True(float.IsNaN(shaped.Reward));
        Assert.All(shaped.Parts, p => Assert.True(float.IsNaN(p)));
    }

    private static Verdict Shape(RewardSection section, int length, Verdict verdict, string text = "t", FinishReason finish = FinishReason.Stop) =>
        new RewardShaper(section, maxNewTokens: 100).Shape(
            new Rollout
            {
                Index = 0, TokenIds = [.. Enumerable.Range(0, length)], LogProbs = new float[length], Text = text, FinishReason = finish, PolicyVersion = 0,
            },
            verdict);
}
