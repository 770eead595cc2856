using RolloutLab.Core;
using RolloutLab.Engine;

namespace RolloutLab.UnitTests.Engine;

/// <summary>Lengths, memory, cancellation, progress and wrong requests.</summary>
public sealed class EngineLimitTests
{
    [Fact]
    public void Responses_end_at_the_context()
    {
        var runner = new PagedHashRunner(blockCount: 100, blockSize: 4, maxPositions: 16);
        var request = RequestFixture.Request(50, (1, 13, 8), (2, 15, 2));

        var result = RequestFixture.Source(runner).Generate(request, null, default);

        RequestFixture.AssertAsExpected(request, result, maxPositions: 16);
        Assert.Contains(result.Groups[0].Rollouts, r => r.Length == 3 && r.FinishReason == FinishReason.Length);
        Assert.All(result.Groups[1].Rollouts, r => Assert.Equal(1, r.Length));
    }

    [Fact]
    public void A_prompt_that_fills_the_context_is_refused_before_anything_runs()
    {
        var runner = new PagedHashRunner(blockCount: 100, blockSize: 4, maxPositions: 16);
        var request = RequestFixture.Request(4, (1, 5, 1), (7, 16, 1));

        var error = Assert.Throws<DataException>(() => RequestFixture.Source(runner).Generate(request, null, default));

        Assert.Contains("'p7'", error.Message, StringComparison.Ordinal);
        Assert.Contains("16 tokens", error.Message, StringComparison.Ordinal);
        Assert.Contains("at most 15", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, runner.Steps);
    }

    [Fact]
    public void A_token_the_model_lacks_is_refused_before_anything_runs()
    {
        var runner = new PagedHashRunner(blockCount: 100, blockSize: 4);
        var foreign = RequestFixture.Prompt(1, 3) with { TokenIds = [1, ContextHash.VocabularySize] };
        var request = RequestFixture.Request(4, (1, 3, 1)) with { Budgets = [new PromptBudget(foreign, 0, 1)] };

        var error = Assert.Throws<DataException>(() => RequestFixture.Source(runner).Generate(request, null, default));

        Assert.Contains("'p1'", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, runner.Steps);
    }

    [Theory]
    [InlineData(12, 9, 5)] // 20 of 20 slots: the 21st token is never computed
    [InlineData(1, 20, 5)]
    public void Memory_for_exactly_one_sequence_is_enough(int prompt, int maxNewTokens, int blockCount)
    {
        var runner = new PagedHashRunner(blockCount, blockSize: 4);
        var request = RequestFixture.Request(maxNewTokens, (1, prompt, 5), (2, prompt, 5), (3, prompt, 1));

        RequestFixture.AssertAsExpected(request, RequestFixture.Source(runner).Generate(request, null, default));
    }

    [Fact]
    public void Memory_for_less_than_one_sequence_is_refused_with_the_size_needed()
    {
        var runner = new PagedHashRunner(blockCount: 5, blockSize: 4);
        var request = RequestFixture.Request(10, (1, 3, 1), (3, 12, 1));

        var error = Assert.Throws<KvCacheExhaustedException>(() => RequestFixture.Source(runner).Generate(request, null, default));

        Assert.Contains("'p3'", error.Message, StringComparison.Ordinal);
        Assert.Contains("engine.kv_tokens to at least 24", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(0, runner.Steps);
    }

    [Fact]
    public void Cancellation_stops_between_steps_and_leaves_the_source_usable()
    {
        var runner = new PagedHashRunner(blockCount: 12, blockSize: 4);
        using var cancel = new CancellationTokenSource();
        var stepsBefore = 0;
        runner.OnStep = _ =>
        {
            if (++stepsBefore == 4)
            {
                cancel.Cancel();
            }
        };
        var source = RequestFixture.Source(runner);
        var request = RequestFixture.Request(24, (1, 8, 6), (2, 9, 6));

        Assert.Throws<OperationCanceledException>(() => source.Generate(request, null, cancel.Token));
        Assert.Equal(4, runner.Steps);

        RequestFixture.AssertAsExpected(request, source.Generate(request, null, default));
    }

    [Fact]
    public void A_failing_model_leaves_the_source_usable()
    {
        var runner = new PagedHashRunner(blockCount: 12, blockSize: 4);
        runner.OnStep = _ => throw new InvalidOperationException("broken");
        var source = RequestFixture.Source(runner);
        var request = RequestFixture.Request(24, (1, 8, 6));
        Assert.Throws<InvalidOperationException>(() => source.Generate(request, null, default));

        runner.OnStep = null;

        RequestFixture.AssertAsExpected(request, source.Generate(request, null, default));
    }

    [Fact]
    public void Progress_rises_to_the_number_of_rollouts()
    {
        var progress = new Reports();
        var request = RequestFixture.Request(24, (1, 8, 6), (2, 9, 5));

        RequestFixture.Source(new PagedHashRunner(100, 4)).Generate(request, progress, default);

        Assert.Equal(11, progress.Values[^1]);
        Assert.Equal(progress.Values.Distinct().Order(), progress.Values);
    }

    [Fact]
    public void Text_leaves_out_the_stop_token_and_ids_the_tokenizer_lacks()
    {
        var runner = new PagedHashRunner(100, 4);
        var tokenizer = new LetterTokenizer(vocabularySize: 6);
        var source = new EngineRolloutSource(runner, tokenizer, new EngineOptions(), new RandomStreams(RequestFixture.Seed), () => 41);
        var request = RequestFixture.Request(24, (1, 8, 12));

        var rollouts = source.Generate(request, null, default).Groups[0].Rollouts;

        Assert.Contains(rollouts, r => r.TokenIds.Any(t => t >= 6));
        Assert.Contains(rollouts, r => r.FinishReason == FinishReason.Stop);
        Assert.All(rollouts, r =>
        {
            Assert.Equal(string.Concat(r.TokenIds.Where(t => t is > 0 and < 6).Select(t => (char)('A' + t - 1))), r.Text);
            Assert.Equal(41, r.PolicyVersion);
        });
    }

    [Fact]
    public void A_tokenizer_larger_than_the_model_is_refused() =>
        Assert.Throws<DataException>(() => new EngineRolloutSource(
            new PagedHashRunner(4, 4),
            new LetterTokenizer(ContextHash.VocabularySize + 1),
            new EngineOptions(),
            new RandomStreams(1),
            () => 0));

    [Fact]
    public void An_empty_request_gives_an_empty_result()
    {
        var result = RequestFixture.Source(new PagedHashRunner(4, 4)).Generate(RequestFixture.Request(4), null, default);

        Assert.Empty(result.Groups);
        Assert.Equal(new RolloutStatistics(0, 0, 0, 0), result.Statistics);
    }

    [Theory]
    [InlineData(-0.1f, 0, 1f, 0f, 4)]
    [InlineData(float.NaN, 0, 1f, 0f, 4)]
    [InlineData(1f, -1, 1f, 0f, 4)]
    [InlineData(1f, 0, 0f, 0f, 4)]
    [InlineData(1f, 0, 1.1f, 0f, 4)]
    [InlineData(1f, 0, 1f, 1f, 4)]
    [InlineData(1f, 0, 1f, 0f, 0)]
    public void Sampling_parameters_out_of_range_are_a_callers_bug(float temperature, int topK, float topP, float minP, int maxNewTokens)
    {
        var source = RequestFixture.Source(new PagedHashRunner(100, 4));
        var request = RequestFixture.Request(maxNewTokens, (1, 3, 1));
        var sampling = request.Sampling with { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP };

        Assert.Throws<ArgumentOutOfRangeException>(() => source.Generate(request with { Sampling = sampling }, null, default));
    }

    [Fact]
    public void A_group_runs_once()
    {
        var engine = new RolloutEngine(new PagedHashRunner(100, 4), new EngineOptions());
        var streams = new GroupStreams(new RandomStreams(1), StreamPurpose.TrainingRollout, 0, 0, 0);
        var sampling = new SamplingParameters { MaxNewTokens = 3 };
        var group = new SequenceGroup("p", [1, 2], streams, leaves: 1, sampling, stopTokenIds: [0], new StochasticSampling());

        using (var run = engine.Begin(topTokens: 0))
        {
            run.Add([group]);
            Assert.Equal([group], run.Advance(leave: 0, null, default));
        }

        using var another = engine.Begin(topTokens: 0);
        Assert.Throws<ArgumentException>(() => another.Add([group]));
    }

    [Fact]
    public void One_run_at_a_time()
    {
        var source = RequestFixture.Source(new PagedHashRunner(100, 4));
        var sampling = new SamplingParameters { MaxNewTokens = 3 };
        using (source.Open(1, RolloutPurpose.Training, sampling))
        {
            Assert.Throws<InvalidOperationException>(() => source.Open(1, RolloutPurpose.Training, sampling));
        }

        source.Open(1, RolloutPurpose.Training, sampling).Dispose();
    }

    [Fact]
    public void Sampling_numbers_reach_the_model_row_by_row()
    {
        var runner = new PagedHashRunner(100, 4);
        var rows = new List<(float, int, float, float)>();
        runner.OnStep = step => rows.AddRange(
            Enumerable.Range(0, step.SampleCount).Select(r => (step.Temperatures[r], step.TopK[r], step.TopP[r], step.MinP[r])));
        var sampling = new SamplingParameters { Temperature = 0.7f, TopK = 5, TopP = 0.9f, MinP = 0.05f, MaxNewTokens = 6 };

        RequestFixture.Source(runner).Generate(RequestFixture.Request(6, (1, 3, 4)) with { Sampling = sampling }, null, default);

        Assert.All(rows, row => Assert.Equal((0.7f, 5, 0.9f, 0.05f), row));
    }

    private sealed class Reports : IProgress<int>
    {
        public List<int> Values { get; } = [];

        public void Report(int value) => Values.Add(value);
    }
}
