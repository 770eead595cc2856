using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Rewards;

namespace RolloutLab.UnitTests.Data;

public class CountdownAnswersTests
{
    [Theory]
    [InlineData(CountdownFormat.Trace)]
    [InlineData(CountdownFormat.Expression)]
    public void Answers_pass_the_verifier_and_none_is_shorter(CountdownFormat format)
    {
        var answers = new CountdownAnswers(format == CountdownFormat.Expression);
        foreach (var example in CountdownFile.Read(Path.Combine(Repository.Root, "data", "countdown", "train.jsonl")).Take(60))
        {
            var prompt = Ask(example.Problem.AnswerText);
            var answer = answers.Of(prompt)!.Value;

            Assert.True(new CountdownVerifier(format).Verify(prompt, answer.Shown).IsCorrect, answer.Shown);
            Assert.Contains(answer.Final, answer.Shown, StringComparison.Ordinal);
            if (format == CountdownFormat.Trace)
            {
                Assert.EndsWith("=" + answer.Final, answer.Shown, StringComparison.Ordinal);
                Assert.All(CountdownSearch.Solve(example.Problem).Solutions, s => Assert.True(s.ToTrace().Length + 1 >= answer.Shown.Length));
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("1 2:x")]
    [InlineData("1 b:3")]
    [InlineData("1 2 3 4 5:6")]
    [InlineData("1 1:99")]
    public void What_is_no_solvable_problem_has_no_answer(string answer) => Assert.Null(new CountdownAnswers(false).Of(Ask(answer)));

    [Fact]
    public void Other_prompts_bring_theirs()
    {
        Assert.Equal(new KnownAnswer("18", "18"), new GivenAnswers().Of(Ask("18")));
        Assert.Null(new GivenAnswers().Of(Ask("")));
    }

    private static Prompt Ask(string answer) => new(0, "p", "?", [0], answer);
}
