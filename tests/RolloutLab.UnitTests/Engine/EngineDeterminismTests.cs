using RolloutLab.Core;

namespace RolloutLab.UnitTests.Engine;

/// <summary>Rollouts equal those of one-at-a-time generation, whatever the batching, the memory and the order.</summary>
public sealed class EngineDeterminismTests
{
    private static readonly (int Prompt, int Length, int Rollouts)[] MixedLoad =
        [(0, 5, 4), (1, 1, 1), (2, 16, 7), (3, 8, 2), (9, 13, 5), (12, 3, 1), (5, 20, 3)];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 8)]
    [InlineData(3, 256)]
    [InlineData(7, 2)]
    [InlineData(16, 3)]
    [InlineData(64, 5)]
    [InlineData(4096, 256)]
    public void Results_do_not_depend_on_tokens_per_step_or_running_sequences(int maxTokens, int maxRunning)
    {
        var runner = new PagedHashRunner(blockCount: 400, blockSize: 4);
        var request = RequestFixture.Request(24, MixedLoad);

        var result = RequestFixture.Source(runner, maxTokens, maxRunning).Generate(request, null, CancellationToken.None);

        RequestFixture.AssertAsExpected(request, result);
        Assert.Equal(0, result.Statistics.Preemptions);
        Assert.InRange(runner.LargestStep, 1, maxTokens);
    }

    [Theory]
    [InlineData(11, 4)]
    [InlineData(12, 4)]
    [InlineData(15, 4)]
    [InlineData(20, 4)]
    [InlineData(30, 4)]
    [InlineData(43, 1)]
    [InlineData(50, 1)]
    [InlineData(3, 16)]
    [InlineData(4, 16)]
    [InlineData(1, 64)]
    [InlineData(2, 64)]
    public void Preempted_sequences_repeat_their_draws(int blockCount, int blockSize)
    {
        var runner = new PagedHashRunner(blockCount, blockSize);
        var request = RequestFixture.Request(24, MixedLoad);

        var result = RequestFixture.Source(runner).Generate(request, null, CancellationToken.None);

        RequestFixture.AssertAsExpected(request, result);
        Assert.InRange(result.Statistics.PeakBlocks, 1, blockCount);
    }

    [Fact]
    public void Growth_beyond_the_memory_preempts_and_still_changes_nothing()
    {
        // Six sequences of up to 41 positions in 20 blocks of 4: all start, they cannot all stay.
        var runner = new PagedHashRunner(blockCount: 20, blockSize: 4);
        var request = RequestFixture.Request(36, (1, 5, 6), (2, 5, 6), (3, 5, 6), (4, 5, 6));

        var result = RequestFixture.Source(runner).Generate(request, null, CancellationToken.None);

        RequestFixture.AssertAsExpected(request, result);
        Assert.True(result.Statistics.Preemptions > 0);
        Assert.True(runner.MostSequences > 3);
    }

    [Fact]
    public void Results_follow_the_prompt_not_its_place_in_the_request()
    {
        var backwards = MixedLoad.Reverse().ToArray();
        var request = RequestFixture.Request(24, backwards);

        var result = RequestFixture.Source(new PagedHashRunner(14, 4), 9, 4).Generate(request, null, CancellationToken.None);

        RequestFixture.AssertAsExpected(request, result);
    }

    [Fact]
    public void A_later_round_continues_the_rollout_indices_of_the_first()
    {
        var source = RequestFixture.Source(new PagedHashRunner(100, 4));
        var together = RequestFixture.Request(16, (4, 7, 6));
        var prompt = together.Budgets[0].Prompt;
        var first = together with { Budgets = [new PromptBudget(prompt, 0, 2)] };
        var second = together with { Budgets = [new PromptBudget(prompt, 2, 4)] };

        var rounds = source.Generate(first, null, default).Groups[0].Rollouts
            .Concat(source.Generate(second, null, default).Groups[0].Rollouts).ToList();

        var expected = source.Generate(together, null, default).Groups[0].Rollouts;
        Assert.Equal(expected.Select(r => (r.Index, r.Text)), rounds.Select(r => (r.Index, r.Text)));
    }

    [Fact]
    public void Evaluation_steps_and_rollouts_have_draws_of_their_own()
    {
        var source = RequestFixture.Source(new PagedHashRunner(100, 4));
        var training = RequestFixture.Request(24, (4, 7, 6));
        var evaluation = training with { Purpose = RolloutPurpose.Evaluation };
        var later = training with { Step = training.Step + 1 };

        var drawn = new HashSet<string>();
        foreach (var request in new[] { training, evaluation, later })
        {
            var result = source.Generate(request, null, default);
            RequestFixture.AssertAsExpected(request, result);
            drawn.Add(string.Join(';', result.Groups[0].Rollouts.Select(r => string.Join(',', r.TokenIds))));
        }

        Assert.Equal(3, drawn.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_loads_on_random_machines_equal_one_at_a_time_generation(int seed)
    {
        var random = new Random(seed);
        var (preemptions, copies) = (0L, 0);
        for (var trial = 0; trial < 120; trial++)
        {
            var blockSize = random.Next(1, 10);
            var maxNewTokens = random.Next(1, 30);
            var budgets = Enumerable.Range(0, random.Next(1, 9))
                .Select(i => (i, random.Next(1, 25), random.Next(1, 8))).ToArray();
            var largest = budgets.Max(b => b.Item2) + maxNewTokens - 1;
            var enough = (largest + blockSize - 1) / blockSize;
            var runner = new PagedHashRunner(enough + random.Next(0, 3 * enough), blockSize);
            var request = RequestFixture.Request(maxNewTokens, budgets);

            var result = RequestFixture.Source(runner, random.Next(1, 80), random.Next(1, 12)).Generate(request, null, default);

            RequestFixture.AssertAsExpected(request, result);
            preemptions += result.Statistics.Preemptions;
            copies += runner.Copies;
        }

        Assert.True(preemptions > 20, $"Only {preemptions} preemptions: the memory was never short.");
        Assert.True(copies > 100, $"Only {copies} copies.");
    }
}
