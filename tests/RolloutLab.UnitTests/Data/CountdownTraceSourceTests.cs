using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Rewards;

namespace RolloutLab.UnitTests.Data;

public sealed class CountdownTraceSourceTests
{
    private static readonly CharacterTokenizer Tokenizer = CountdownVocabulary.CreateTokenizer();

    private static readonly CountdownProblem[] Problems =
    [
        .. new CountdownGenerator(new CountdownOptions { TrainCount = 300, HeldOutCount = 1 }, new RandomStreams(5))
            .Generate().Train.Select(e => e.Problem),
    ];

    [Fact]
    public void Every_trace_is_accepted_by_the_verifier_and_every_attempt_is_true()
    {
        var source = Source(new CountdownTraceOptions());
        var verifier = new CountdownVerifier(CountdownFormat.Trace);
        for (var i = 0; i < 1000; i++)
        {
            var demonstration = source.At(i);
            var text = Tokenizer.Decode(demonstration.PromptIds);
            var trace = Tokenizer.Decode(demonstration.ResponseIds);
            Assert.EndsWith("=", text, StringComparison.Ordinal);
            var reference = text[..^1];
            var prompt = new Prompt(0, "p", text, demonstration.PromptIds, reference);

            Assert.True(verifier.Verify(prompt, trace).IsCorrect, text + trace);
            Assert.Equal(Tokenizer.EndOfTextId, demonstration.ResponseIds[^1]);
            Assert.Equal(trace.Length + 1, demonstration.ResponseIds.Length);
            Assert.InRange(trace.Length, 1, 80);
            AssertDeadEndsAreTrueAndMiss(trace, reference);
        }
    }

    [Fact]
    public void A_demonstration_is_a_pure_function_of_seed_and_index()
    {
        var (one, two) = (Source(new CountdownTraceOptions()), Source(new CountdownTraceOptions()));
        var forward = Enumerable.Range(0, 700).Select(i => one.TraceAt(i)).ToList();
        var backward = Enumerable.Range(0, 700).Reverse().Select(i => two.TraceAt(i)).Reverse().ToList();
        Assert.Equal(forward, backward);
        var other = new CountdownTraceSource(Problems, Tokenizer, new CountdownTraceOptions(), new RandomStreams(2));
        Assert.NotEqual(forward, Enumerable.Range(0, 700).Select(i => other.TraceAt(i)));
    }

    [Fact]
    public void Each_epoch_shows_every_problem_once_in_another_order()
    {
        var source = Source(new CountdownTraceOptions());
        var epochs = Enumerable.Range(0, 2)
            .Select(e => Enumerable.Range(e * 300, 300).Select(i => Tokenizer.Decode(source.At(i).PromptIds)).ToList())
            .ToList();
        Assert.All(epochs, e => Assert.Equal(Problems.Select(p => p.PromptText).Order(), e.Order()));
        Assert.NotEqual(epochs[0], epochs[1]);
    }

    [Fact]
    public void The_share_of_dead_ends_follows_its_parameters()
    {
        Assert.Equal(0, MeanDeadEnds(new CountdownTraceOptions { DeadEndProbability = 0 }));
        Assert.Equal(0, MeanDeadEnds(new CountdownTraceOptions { MaxDeadEnds = 0, DeadEndProbability = 1 }));
        Assert.InRange(MeanDeadEnds(new CountdownTraceOptions { DeadEndProbability = 0.5, MaxCharacters = 500 }), 1.4, 1.6);
        Assert.InRange(MeanDeadEnds(new CountdownTraceOptions { MaxDeadEnds = 2, DeadEndProbability = 1, MaxCharacters = 500 }), 1.9, 2);
    }

    [Fact]
    public void Solutions_are_drawn_evenly()
    {
        var problem = new CountdownProblem([2, 3, 6], 12);
        var expected = CountdownSearch.Solve(problem).Solutions.Count;
        var source = new CountdownTraceSource(
            [problem], Tokenizer, new CountdownTraceOptions { MaxDeadEnds = 0 }, new RandomStreams(1));
        var counts = Enumerable.Range(0, 3000).GroupBy(i => source.TraceAt(i)).Select(g => g.Count()).ToList();
        Assert.True(expected > 1);
        Assert.Equal(expected, counts.Count);
        var mean = 3000.0 / expected;
        Assert.All(counts, c => Assert.InRange(c, mean * 0.8, mean * 1.2));
    }

    [Fact]
    public void A_length_limit_below_every_solution_is_an_error_that_names_the_problem()
    {
        var source = new CountdownTraceSource(
            [new CountdownProblem([6, 7, 4], 46)], Tokenizer, new CountdownTraceOptions { MaxCharacters = 5 }, new RandomStreams(1));
        var error = Assert.Throws<DataException>(() => source.At(0));
        Assert.Contains("6 7 4:46 has no solution of at most 5 characters", error.Message, StringComparison.Ordinal);
    }

    private static CountdownTraceSource Source(CountdownTraceOptions options) =>
        new(Problems, Tokenizer, options, new RandomStreams(1));

    private static double MeanDeadEnds(CountdownTraceOptions options)
    {
        var source = Source(options);
        return Enumerable.Range(0, 2000).Average(i => source.TraceAt(i).Count(c => c == 'x'));
    }

    private static void AssertDeadEndsAreTrueAndMiss(string trace, string reference)
    {
        var attempts = trace[..^1].Split('x');
        Assert.Equal(attempts.Length, attempts.Distinct().Count());
        var target = int.Parse(reference.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        foreach (var attempt in attempts[..^1])
        {
            // The verifier's own checker says "reaches v, not t" only after it found every operation true.
            var claim = new CountdownVerifier(CountdownFormat.Trace).Verify(new Prompt(0, "p", "?", [0], reference), attempt + "!");
            Assert.Equal(VerdictStatus.Wrong, claim.Status);
            Assert.EndsWith($"not {target}", claim.Detail, StringComparison.Ordinal);
        }
    }
}
