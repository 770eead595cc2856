using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Rewards;
using RolloutLab.UnitTests.Data;

namespace RolloutLab.UnitTests.Rewards;

public sealed class NumericAnswerVerifierTests
{
    private static readonly NumericAnswerVerifier Exact = new(new NumericAnswerOptions());

    [Theory]
    [InlineData("18", "A: 18")]
    [InlineData("18", "#### 18")]
    [InlineData("18", "####18.")]
    [InlineData("18", "####\n18")]
    [InlineData("18", "Answer: **18** dollars")]
    [InlineData("18", "5 and 6, so\n  A: 18\nthat is it")]
    [InlineData("18", "9 * 2 = $18")]
    [InlineData("18", "A: 9 * 2 = $18 a day")]
    [InlineData("18", "the result is 18.")]
    [InlineData("18", "\\boxed{18}")]
    [InlineData("18", "\\boxed{\\text{about } 18\\ \\text{kg}}")]
    [InlineData("18", "so 3. #### \\boxed{18}")]
    [InlineData("18", "\\boxed{3}\n#### 18")]
    [InlineData("18", "#### 3\n#### 18")]
    [InlineData("18", "#### 3\nAnswer: 18")]
    [InlineData("18", "Answer: 3\n#### 18")]
    [InlineData("18", "Answer: 3 #### 18")]
    [InlineData("18", "#### 3\nAnswer: \\boxed{18}")]
    [InlineData("18", "\\boxed{3}\n#### 4\nA: 18")]
    [InlineData("18", "A: 3\n\\boxed{4}\n* A: 18")]
    [InlineData("18", "A: 18 m2")]
    [InlineData("18", "A: 18 m^{2}")]
    [InlineData("18", "A: x_1 = 18")]
    [InlineData("18", "A: 18.00")]
    [InlineData("18", "A: 0018")]
    [InlineData("18", "A: 36/2")]
    [InlineData("2125", "A: 2,125")]
    [InlineData("2,125", "A: 2125")]
    [InlineData("1234567.5", "A: $1,234,567.50")]
    [InlineData("10000", "\\boxed{10{,}000}")]
    [InlineData("10000", "\\boxed{10\\,000}")]
    [InlineData("5", "A: \\$5")]
    [InlineData("50", "A: 50%")]
    [InlineData("50", "A: 50\\%")]
    [InlineData("-5", "A: -5")]
    [InlineData("-5", "A: - 5")]
    [InlineData("-5", "A: \u22125")]
    [InlineData("-5", "A: -$5")]
    [InlineData("-5", "A: $-5")]
    [InlineData("-5", "the answer is -5")]
    [InlineData("3", "Covid-3")]
    [InlineData("0.5", "A: .5")]
    [InlineData("0.5", "A: 1/2")]
    [InlineData("1/2", "\\boxed{\\frac{1}{2}}")]
    [InlineData("-1/2", "\\boxed{-\\dfrac{1}{2}}")]
    [InlineData("500", "A: Rs.500")]
    [InlineData("0.1", "A: 0.10000000000000000000000000000000000000")]
    public void Right_answers_are_read_in_every_usual_spelling(string reference, string response) =>
        Assert.Equal(VerdictStatus.Correct, Grade(reference, response).Status);

    [Theory]
    [InlineData("18", "A: 17")]
    [InlineData("18", "18\nA: 17")]
    [InlineData("18", "A: 18\nA: 17")]
    [InlineData("18", "A: -18")]
    [InlineData("18", "18 or 19")]
    [InlineData("5", "A: 5.0000000000000000000001")]
    [InlineData("3", "A: 10/3")]
    [InlineData("16", "A: 1.6")]
    [InlineData("100", "A: 1,000")]
    public void Wrong_answers_are_wrong(string reference, string response) =>
        Assert.Equal(VerdictStatus.Wrong, Grade(reference, response).Status);

    [Theory]
    [InlineData("18", "")]
    [InlineData("18", "no idea")]
    [InlineData("18", "18\n#### none")]
    [InlineData("18", "18 #### ")]
    [InlineData("18", "A: 17 or 18")]
    [InlineData("18", "#### 1 2 3 18")]
    [InlineData("18", "\\boxed{18")]
    [InlineData("100", "A: 1,00")]
    [InlineData("123456", "A: 1,234,56")]
    [InlineData("1000000", "A: 1000,000")]
    [InlineData("123", "A: 0,123")]
    [InlineData("1", "A: 1e5")]
    [InlineData("1", "A: 1E+5")]
    [InlineData("2", "A: 2^3")]
    [InlineData("2", "A: 2²")]
    [InlineData("16", "\\boxed{\\sqrt{16}}")]
    [InlineData("16", "A: √16")]
    [InlineData("2", "\\boxed{x^{2}}")]
    [InlineData("2", "\\boxed{\\frac{x}{2}}")]
    [InlineData("5.5", "\\boxed{1\\frac{1}{2}}")]
    [InlineData("1", "A: 1/0")]
    [InlineData("1", "A: 1.2.3")]
    [InlineData("5", "A: \uFF15")]
    [InlineData("1", "A: 1\uFF15")]
    public void Answers_without_one_clear_number_are_malformed(string reference, string response) =>
        Assert.Equal(VerdictStatus.Malformed, Grade(reference, response).Status);

    [Fact]
    public void Spellings_of_one_value_vote_together()
    {
        string?[] answers = [.. new[] { "A: 0.5", "A: 1/2", "#### .50", "\\boxed{\\frac{2}{4}}" }.Select(r => Grade("7", r).Answer)];
        Assert.All(answers, a => Assert.Equal("1/2", a));
        Assert.Equal("3000", Grade("3000", "A: 3,000.0").Answer);
    }

    [Theory]
    [InlineData("0.01", "A: 3.15", true)]
    [InlineData("0.01", "A: 3.13", true)]
    [InlineData("0.01", "A: 3.1500000000000000000001", false)]
    [InlineData("0", "A: 3.14", true)]
    [InlineData("0", "A: 3.141", false)]
    public void Tolerance_is_a_closed_exact_interval(string tolerance, string response, bool correct)
    {
        var options = new NumericAnswerOptions { Tolerance = decimal.Parse(tolerance, System.Globalization.CultureInfo.InvariantCulture) };
        Assert.Equal(correct, new NumericAnswerVerifier(options).Verify(Prompt("3.14"), response).IsCorrect);
    }

    [Fact]
    public void Last_number_counts_only_when_allowed()
    {
        var strict = new NumericAnswerVerifier(new NumericAnswerOptions { AllowLastNumber = false });
        Assert.Equal(VerdictStatus.Malformed, strict.Verify(Prompt("18"), "it is 18").Status);
        Assert.True(strict.Verify(Prompt("18"), "#### 18").IsCorrect);
    }

    [Fact]
    public void Reference_without_a_number_is_a_fault_not_a_wrong_answer()
    {
        var verdict = Grade("many", "A: 18");
        Assert.Equal(VerdictStatus.Fault, verdict.Status);
        Assert.True(float.IsNaN(verdict.Reward));
    }

    [Fact]
    public void Prompts_in_turn_are_compared_each_with_its_own_answer()
    {
        var verifier = new NumericAnswerVerifier(new NumericAnswerOptions());
        var prompts = (string[])["18", "19", "none", "18"];
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(
                [VerdictStatus.Correct, VerdictStatus.Wrong, VerdictStatus.Fault, VerdictStatus.Correct],
                prompts.Select((answer, i) => verifier.Verify(new Prompt(i, $"{i}", "", [1], answer), "A: 18").Status));
        }
    }

    [Fact]
    public void Huge_inputs_take_linear_time()
    {
        string[] hostile =
        [
            new('9', 2_000_000),
            "A: " + new string('9', 2_000_000),
            string.Concat(Enumerable.Repeat("1,", 1_000_000)),
            string.Concat(Enumerable.Repeat("- ", 1_000_000)) + "1",
            string.Concat(Enumerable.Repeat("\\boxed{", 300_000)),
            string.Concat(Enumerable.Repeat("\\frac{1", 300_000)),
            string.Concat(Enumerable.Repeat("A\n", 1_000_000)),
            "A: \\" + new string('a', 2_000_000),
            new string('$', 1_000_000) + "1",
        ];
        var clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (var response in hostile)
        {
            _ = Grade("1", response);
        }

        // Milliseconds in practice; anything quadratic would take minutes.
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
    }

    [Fact]
    public void No_text_makes_it_throw()
    {
        const string Alphabet = "0123456789.,/-=\\{}A:# \nboxedfrac$%^_\u2212²\uFF15\0é\uD83D";
        var stream = new RandomStreams(3).Stream(StreamPurpose.DatasetGeneration);
        var position = 0L;
        for (var i = 0; i < 20_000; i++)
        {
            var length = stream.Below(position++, 30);
            var response = string.Concat(Enumerable.Range(0, length).Select(_ => Alphabet[stream.Below(position++, Alphabet.Length)]));
            var verdict = Grade("1", (i % 3) switch { 0 => "A: " + response, 1 => "\\boxed{" + response + "}", _ => response });
            Assert.NotEqual(VerdictStatus.Fault, verdict.Status);
        }
    }

    [SharedDataFact("gsm8k/example_model_solutions.jsonl")]
    public void Agrees_with_the_published_grades_of_four_models_on_gsm8k()
    {
        var disagreements = new List<string>();
        var graded = 0;
        foreach (var line in File.ReadLines(SharedDataFactAttribute.Locate("gsm8k/example_model_solutions.jsonl")))
        {
            using var row = JsonDocument.Parse(line);
            var truth = row.RootElement.GetProperty("ground_truth").GetString()!;
            foreach (var model in new[] { "6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification" })
            {
                var solution = row.RootElement.GetProperty(model);
                var verdict = Grade(truth, solution.GetProperty("solution").GetString()!);
                graded++;
                if (verdict.IsCorrect != solution.GetProperty("is_correct").GetBoolean())
                {
                    disagreements.Add($"{model} {verdict}: {solution.GetProperty("solution").GetString()}");
                }
            }
        }

        Assert.Equal(4 * 1319, graded);
        Assert.Empty(disagreements);
    }

    private static Verdict Grade(string reference, string response) => Exact.Verify(Prompt(reference), response);

    private static Prompt Prompt(string answer) => new(0, "p", "?", [0], answer);
}
