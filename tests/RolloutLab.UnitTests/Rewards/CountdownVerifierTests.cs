using RolloutLab.Core;
using RolloutLab.Rewards;

namespace RolloutLab.UnitTests.Rewards;

public sealed class CountdownVerifierTests
{
    private const string Problem = "6 7 4:46";

    [Theory]
    [InlineData("7*6=42,42+4=46!")]
    [InlineData("6*7=42,4+42=46!")]
    [InlineData("7+6=13,13+4=17x7*6=42,42+4=46!")]
    [InlineData("1+1=5x7*6=42,42+4=46!")]
    [InlineData("anything at all x7*6=42,42+4=46!")]
    public void A_true_last_attempt_that_ends_the_response_is_correct(string response) =>
        Assert.Equal(VerdictStatus.Correct, Trace(response).Status);

    [Theory]
    [InlineData("28+18=46!", "uses a value that is not there")]
    [InlineData("7*6=42,42+4=47!", "is false")]
    [InlineData("7*6=46,46*1=46!", "is false")]
    [InlineData("7*6=42!", "not all numbers are used")]
    [InlineData("7*6=42,42+4=46,46+4=50!", "uses a value that is not there")]
    [InlineData("7*7=49,49-4=45!", "uses a value that is not there")]
    [InlineData("7*6=42,42-4=38!", "reaches 38, not 46")]
    [InlineData("7-7=0!", "uses a value that is not there")]
    [InlineData("6-7=1,4+1=5!", "is false")]
    [InlineData("7/6=1,1+4=5!", "is false")]
    public void A_readable_attempt_that_breaks_a_rule_is_wrong(string response, string reason)
    {
        var verdict = Trace(response);
        Assert.Equal(VerdictStatus.Wrong, verdict.Status);
        Assert.Equal(0f, verdict.Reward);
        Assert.Contains(reason, verdict.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("!")]
    [InlineData("7*6=42,42+4=46")]
    [InlineData("7*6=42,42+4=46x")]
    [InlineData("7*6=42,42+4=46!x")]
    [InlineData("7*6=42,42+4=46! ")]
    [InlineData("7*6=42,42+4=46!!")]
    [InlineData("7+6=13,13+4=17!7*6=42,42+4=46!")]
    [InlineData("7*6=42,42+4=46,!")]
    [InlineData("7*6=42 ,42+4=46!")]
    [InlineData("07*6=42,42+4=46!")]
    [InlineData("7*6=42.0,42+4=46!")]
    [InlineData("7**6=42,42+4=46!")]
    [InlineData("7*-6=42,42+4=46!")]
    [InlineData("(7*6)+4=46!")]
    [InlineData("7*6=42=42,42+4=46!")]
    [InlineData("\uFF17*6=42,42+4=46!")]
    [InlineData("7×6=42,42+4=46!")]
    public void Anything_else_is_malformed(string response) => Assert.Equal(VerdictStatus.Malformed, Trace(response).Status);

    [Theory]
    [InlineData("7 7:0", "7-7=0!")]
    [InlineData("0 7:0", "7*0=0!")]
    [InlineData("7 0:7", "7/0=7!")]
    [InlineData("7 0:0", "7/0=0!")]
    public void Zero_is_never_a_result_and_never_divides(string problem, string response) =>
        Assert.Equal(VerdictStatus.Wrong, Trace(response, problem).Status);

    [Fact]
    public void Equal_numbers_can_each_be_used_once()
    {
        Assert.True(Trace("3+3=6!", "3 3:6").IsCorrect);
        Assert.Equal(VerdictStatus.Wrong, Trace("3+3=6,6+3=9!", "3 3:9").Status);
    }

    [Fact]
    public void Largest_numbers_do_not_overflow()
    {
        // 4294967296 * 4294967296 is 0 modulo 2^64.
        Assert.Equal(VerdictStatus.Wrong, Trace("4294967296*4294967296=0!", "4294967296 4294967296:0").Status);
        Assert.Equal(VerdictStatus.Malformed, Trace("7*6=1000000000000000,4*4=4!").Status);
        Assert.Equal(
            VerdictStatus.Wrong, Trace("999999999999999*999999999999999=1!", "999999999999999 999999999999999:1").Status);
    }

    [Fact]
    public void Different_spellings_of_a_solution_are_one_answer_and_different_solutions_are_not()
    {
        Assert.Equal(Trace("7*6=42,42+4=46!").Answer, Trace("1+1=3x6*7=42,4+42=46!").Answer);
        Assert.Equal(Trace("7*6=42,42+4=46!").Answer, Expression("<answer>4+ (6*7)</answer>").Answer);
        Assert.NotEqual(Trace("2+2=4,4+2=6!", "2 2 2:6").Answer, Trace("2*2=4,4+2=6!", "2 2 2:6").Answer);
        Assert.Equal("7*6=9!"[..^1], Trace("7*6=9!").Answer);
    }

    [Theory]
    [InlineData("<answer>7*6+4</answer>")]
    [InlineData("text <answer> ( 7 * 6 ) + 4 </answer> more")]
    [InlineData("<answer>1</answer> no: <answer>\n4+6*7\n</answer>\n")]
    [InlineData("<answer><answer>4+6*7</answer>")]
    public void Expression_format_takes_the_last_answer(string response) =>
        Assert.Equal(VerdictStatus.Correct, Expression(response).Status);

    [Fact]
    public void Expressions_may_pass_through_fractions()
    {
        Assert.True(Expression("<answer>8/(3-8/3)</answer>", "3 3 8 8:24").IsCorrect);
        Assert.True(Expression("<answer>(1+2)/3</answer>", "1 2 3:1").IsCorrect);
        Assert.Equal(VerdictStatus.Wrong, Expression("<answer>7/2</answer>", "7 2:3").Status);
    }

    [Theory]
    [InlineData("<answer>46</answer>", "46:46 1")]
    [InlineData("<answer>7*6+4-0</answer>", Problem)]
    [InlineData("<answer>7*6</answer>", "6 7 4:42")]
    [InlineData("<answer>7*7-4+6-5</answer>", Problem)]
    [InlineData("<answer>7/(6-6)</answer>", "7 6 6:7")]
    [InlineData("<answer>67-4</answer>", "6 7 4:63")]
    public void Expressions_that_break_a_rule_earn_nothing(string response, string problem) =>
        Assert.False(Expression(response, problem).IsCorrect);

    [Theory]
    [InlineData("2**3", "2 3:8")]
    [InlineData("7//2", "7 2:3")]
    [InlineData("1.5*2", "1 5 2:3")]
    [InlineData("-3+10", "3 10:7")]
    [InlineData("+3+4", "3 4:7")]
    [InlineData("2(3)", "2 3:6")]
    [InlineData("(2)(3)", "2 3:6")]
    [InlineData("2 3", "2 3:23")]
    [InlineData("2*3=6", "2 3:6")]
    [InlineData("6=6", "6 6:6")]
    [InlineData("()", "2 3:6")]
    [InlineData("(2*3", "2 3:6")]
    [InlineData("2*3)", "2 3:6")]
    [InlineData("2*", "2 3:6")]
    [InlineData("2^3", "2 3:8")]
    [InlineData("3!", "3 1:6")]
    [InlineData("2e3", "2 3:2000")]
    [InlineData("0x2*3", "2 3:6")]
    [InlineData("02*3", "2 3:6")]
    [InlineData("2×3", "2 3:6")]
    [InlineData("\u0662*3", "2 3:6")]
    [InlineData("2*\n3", "2 3:6")]
    [InlineData("__import__('os')", "2 3:6")]
    public void No_syntax_beyond_the_four_operations_is_read(string expression, string problem) =>
        Assert.Equal(VerdictStatus.Malformed, Expression($"<answer>{expression}</answer>", problem).Status);

    [Theory]
    [InlineData("7*6+4")]
    [InlineData("<answer>7*6+4")]
    [InlineData("</answer>7*6+4<answer>")]
    [InlineData("<answer>7*6+4</answer><answer></answer>")]
    public void Without_a_closed_answer_there_is_none(string response) =>
        Assert.Equal(VerdictStatus.Malformed, Expression(response).Status);

    [Fact]
    public void Hostile_lengths_and_depths_end_quickly()
    {
        var deep = new string('(', 1_000_000);
        var wide = string.Concat(Enumerable.Repeat("1+", 500_000)) + "1";
        string[] texts = [deep, deep + "1" + new string(')', 1_000_000), new('9', 1_000_000), wide];
        var clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (var text in texts)
        {
            Assert.False(Expression($"<answer>{text}</answer>").IsCorrect);
            Assert.False(Trace(text + "!").IsCorrect);
            Assert.False(Trace(string.Concat(Enumerable.Repeat("7*6=42,", 100_000)) + text + "!").IsCorrect);
        }

        _ = Expression(string.Concat(Enumerable.Repeat("<answer>", 200_000)));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("46")]
    [InlineData("6 7 4")]
    [InlineData("6  7:46")]
    [InlineData("6 7 4:46=")]
    [InlineData("6,7,4:46")]
    [InlineData("1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1:46")]
    public void A_broken_reference_is_a_fault(string problem)
    {
        Assert.Equal(VerdictStatus.Fault, Trace("7*6=42!", problem).Status);
        Assert.Equal(VerdictStatus.Fault, Expression("<answer>1</answer>", problem).Status);
    }

    [Fact]
    public void No_text_makes_it_throw_and_random_text_is_never_paid()
    {
        const string Alphabet = "0123456789+-*/()=,x! <answer>\0é\uD83D\n";
        var stream = new RandomStreams(9).Stream(StreamPurpose.DatasetGeneration);
        var position = 0L;
        for (var i = 0; i < 30_000; i++)
        {
            var length = stream.Below(position++, 40);
            var text = string.Concat(Enumerable.Range(0, length).Select(_ => Alphabet[stream.Below(position++, Alphabet.Length)]));
            Assert.False(Trace(text + "!").IsCorrect);
            Assert.False(Expression("<answer>" + text + "</answer>").IsCorrect);
        }
    }

    private static Verdict Trace(string response, string problem = Problem) =>
        new CountdownVerifier(CountdownFormat.Trace).Verify(Prompt(problem), response);

    private static Verdict Expression(string response, string problem = Problem) =>
        new CountdownVerifier(CountdownFormat.Expression).Verify(Prompt(problem), response);

    private static Prompt Prompt(string problem) => new(0, "p", problem + "=", [0], problem);
}
