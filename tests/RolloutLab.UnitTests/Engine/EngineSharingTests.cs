using RolloutLab.Core;
using RolloutLab.Engine;

namespace RolloutLab.UnitTests.Engine;

/// <summary>What a run costs: prompts computed once, blocks shared, batches kept full, nothing allocated per token.</summary>
public sealed class EngineSharingTests
{
    [Theory]
    [InlineData(2048, 256)]
    [InlineData(5, 256)]
    [InlineData(2048, 3)]
    [InlineData(2048, 1)]
    public void Each_prompt_is_computed_once_and_each_response_token_but_the_last_once(int maxTokens, int maxRunning)
    {
        var runner = new PagedHashRunner(blockCount: 400, blockSize: 4);
        var request = RequestFixture.Request(20, (1, 17, 8), (2, 6, 1), (3, 11, 5));

        var result = RequestFixture.Source(runner, maxTokens, maxRunning).Generate(request, null, default);

        var rollouts = result.Groups.SelectMany(g => g.Rollouts).ToList();
        Assert.Equal(17 + 6 + 11 + rollouts.Sum(r => r.Length - 1), result.Statistics.TokensComputed);
        Assert.Equal(rollouts.Sum(r => r.Length), result.Statistics.TokensGenerated);
    }

    [Fact]
    public void First_tokens_of_a_prompt_are_drawn_from_one_row()
    {
        var runner = new PagedHashRunner(blockCount: 100, blockSize: 4);
        var sampleRows = new List<int[]>();
        runner.OnStep = step => sampleRows.Add(step.SampleRows[..step.SampleCount]);

        RequestFixture.Source(runner).Generate(RequestFixture.Request(8, (1, 3, 4), (2, 5, 2)), null, default);

        Assert.Equal([2, 2, 2, 2, 7, 7], sampleRows[0]);
    }

    [Fact]
    public void Rollouts_share_the_prompts_blocks_and_copy_its_partial_block_once_less_than_there_are_rollouts()
    {
        // 18 prompt tokens in blocks of 8: two full ones and a partial one. At most one response token is computed, into
        // the partial block, and only by the rollouts of two tokens.
        var runner = new PagedHashRunner(blockCount: 100, blockSize: 8);

        var result = RequestFixture.Source(runner).Generate(RequestFixture.Request(2, (1, 18, 6)), null, default);

        var longer = result.Groups[0].Rollouts.Count(r => r.Length == 2);
        Assert.True(longer > 2);
        Assert.Equal(longer - 1, runner.Copies);
        Assert.Equal(2 + longer, result.Statistics.PeakBlocks);
    }

    [Fact]
    public void A_single_rollout_copies_nothing()
    {
        var runner = new PagedHashRunner(blockCount: 100, blockSize: 8);

        RequestFixture.Source(runner).Generate(RequestFixture.Request(20, (1, 18, 1), (2, 3, 1)), null, default);

        Assert.Equal(0, runner.Copies);
    }

    [Fact]
    public void A_prompt_longer_than_a_step_is_split_and_decoding_goes_on_beside_it()
    {
        var runner = new PagedHashRunner(blockCount: 200, blockSize: 4, maxPositions: 128);
        var steps = new List<(int Tokens, int Sequences)>();
        runner.OnStep = step => steps.Add((step.TokenCount, step.SequenceCount));
        var request = RequestFixture.Request(24, (1, 4, 2), (2, 90, 3));

        var result = RequestFixture.Source(runner, maxTokens: 16).Generate(request, null, default);

        RequestFixture.AssertAsExpected(request, result, maxPositions: 128);
        Assert.Equal((16, 2), steps[0]);
        Assert.All(steps[1..5], step => Assert.Equal(16, step.Tokens));
        Assert.Contains(steps[1..5], step => step.Sequences > 1);
    }

    [Fact]
    public void The_batch_stays_full_while_sequences_wait()
    {
        var runner = new PagedHashRunner(blockCount: 400, blockSize: 4);
        var sequences = new List<int>();
        runner.OnStep = step => sequences.Add(step.SequenceCount);
        var budgets = Enumerable.Range(0, 12).Select(i => (i, 4, 8)).ToArray();

        var result = RequestFixture.Source(runner, maxRunning: 8).Generate(RequestFixture.Request(24, budgets), null, default);

        Assert.True(sequences.Max() <= 8 + 1, "8 running sequences and the prompt that comes next.");
        var decoded = result.Statistics.TokensGenerated;
        Assert.InRange(sequences.Count, decoded / 8 / 2, (decoded / 8) + 40);
    }

    [Fact]
    public void A_prompt_is_computed_once_even_where_one_rollout_at_a_time_fits()
    {
        // 13 + 11 - 1 slots fill 6 blocks of 4: the prompt's own partial block must go while a rollout runs.
        var runner = new EndlessRunner(blockCount: 6, blockSize: 4);

        var result = RequestFixture.Source(runner).Generate(RequestFixture.Request(11, (1, 13, 5)), null, default);

        Assert.Equal(new RolloutStatistics(5 * 11, 13 + (5 * 10), Preemptions: 0, PeakBlocks: 6), result.Statistics);
    }

    [Fact]
    public void The_prompt_of_a_group_yet_to_start_goes_before_any_running_sequence()
    {
        // Two rollouts of 4 + 12 - 1 slots share one of 7 blocks. The second prompt takes two blocks early, gives them
        // back when the rollouts need them, and is computed once more when they are done.
        var runner = new EndlessRunner(blockCount: 7, blockSize: 4);

        var result = RequestFixture.Source(runner).Generate(RequestFixture.Request(12, (1, 4, 2), (2, 6, 1)), null, default);

        Assert.Equal(new RolloutStatistics(3 * 12, 4 + (2 * 11) + (2 * 6) + 11, Preemptions: 0, PeakBlocks: 7), result.Statistics);
    }

    [Fact]
    public void Steady_decoding_allocates_nothing()
    {
        var runner = new EndlessRunner(blockCount: 1024, blockSize: 16);

        RequestFixture.Source(runner).Generate(RequestFixture.Request(200, (1, 4, 16), (2, 4, 16)), null, default);

        // Between tokens 140 and 200 no array of tokens (they double at 128) and no block table needs to grow.
        Assert.Equal(0, runner.AllocatedAt(190) - runner.AllocatedAt(140));
    }

    /// <summary>Draws token 1 for ever and notes the bytes allocated up to each step.</summary>
    private sealed class EndlessRunner(int blockCount, int blockSize) : IModelRunner
    {
        private readonly long[] _allocated = new long[512];
        private int _steps;

        public int VocabularySize => ContextHash.VocabularySize;

        public int MaxPositions => 1024;

        public int BlockSize => blockSize;

        public int BlockCount => blockCount;

        public long AllocatedAt(int step) => _allocated[step];

        public void CopyBlocks(ReadOnlySpan<BlockCopy> copies)
        {
        }

        public void Execute(ModelStep step, Span<SampledToken> sampled)
        {
            sampled.Fill(new SampledToken(1, -1f));
            _allocated[_steps++] = GC.GetAllocatedBytesForCurrentThread();
        }
    }
}
