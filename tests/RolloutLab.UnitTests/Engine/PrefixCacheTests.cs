using RolloutLab.Core;

namespace RolloutLab.UnitTests.Engine;

/// <summary>What a session computes of prompts that begin like earlier ones, and that it draws the same as without.</summary>
public sealed class PrefixCacheTests
{
    private static readonly SamplingParameters Sampling = new() { MaxNewTokens = 12 };

    [Fact]
    public void A_later_round_computes_only_the_last_tokens_of_a_prompt_again()
    {
        using var session = Open(new PagedHashRunner(blockCount: 100, blockSize: 4));
        var first = Round(session, (1, 17, 0, 3));
        var before = session.Statistics.TokensComputed;

        var second = Round(session, (1, 17, 3, 2));

        Assert.Equal(17 + Computed(first), before);
        Assert.Equal(before + 1 + Computed(second), session.Statistics.TokensComputed);
    }

    [Fact]
    public void A_prompt_of_whole_blocks_still_computes_its_last_one_for_the_logits()
    {
        using var session = Open(new PagedHashRunner(blockCount: 100, blockSize: 4));
        Round(session, (1, 16, 0, 3));
        var before = session.Statistics.TokensComputed;

        var second = Round(session, (1, 16, 3, 2));

        Assert.Equal(before + 4 + Computed(second), session.Statistics.TokensComputed);
    }

    [Fact]
    public void Another_prompt_shares_the_blocks_of_a_common_beginning()
    {
        // The toy prompts of one index are beginnings of each other.
        using var session = Open(new PagedHashRunner(blockCount: 100, blockSize: 4));
        Round(session, (1, 11, 0, 2));
        var before = session.Statistics.TokensComputed;

        var second = Round(session, (1, 19, 2, 2), (2, 9, 0, 1));

        Assert.Equal(before + (19 - 8) + 9 + Computed(second), session.Statistics.TokensComputed);
    }

    [Fact]
    public void Nothing_outlives_a_session()
    {
        var source = RequestFixture.Source(new PagedHashRunner(blockCount: 100, blockSize: 4));
        var request = RequestFixture.Request(12, (1, 17, 3));

        var first = source.Generate(request, null, default);
        var second = source.Generate(request, null, default);

        Assert.Equal(first.Statistics, second.Statistics);
    }

    /// <summary>Rounds of few prompts with common beginnings, in memory so tight that kept blocks must go and sequences lose theirs.</summary>
    [Fact]
    public void Kept_blocks_never_change_a_draw_and_never_hold_up_a_sequence()
    {
        var random = new Random(5);
        long computed = 0, prompts = 0, preemptions = 0;
        for (var trial = 0; trial < 200; trial++)
        {
            var runner = new PagedHashRunner(blockCount: 9 + random.Next(12), blockSize: 4);
            using var session = Open(runner, maxTokens: 6 + random.Next(30), maxRunning: 1 + random.Next(12));
            var drawn = new Dictionary<int, int>();
            for (var round = 0; round < 5; round++)
            {
                var budgets = Enumerable.Range(0, 1 + random.Next(4)).Select(_ =>
                {
                    var (prompt, rollouts) = (1 + random.Next(3), 1 + random.Next(4));
                    var from = drawn.GetValueOrDefault(prompt);
                    drawn[prompt] = from + rollouts;
                    return (prompt, 6 + random.Next(15), from, rollouts);
                }).ToArray();
                prompts += budgets.Sum(b => b.Item2);
                computed -= Computed(Round(session, budgets));
            }

            computed += session.Statistics.TokensComputed;
            preemptions += session.Statistics.Preemptions;
        }

        Assert.InRange(preemptions, 100, long.MaxValue);
        Assert.InRange(computed, 1, prompts + (preemptions * 40));
    }

    private static IRolloutSession Open(PagedHashRunner runner, int maxTokens = 2048, int maxRunning = 256) =>
        RequestFixture.Source(runner, maxTokens, maxRunning).Open(5, RolloutPurpose.Training, Sampling);

    /// <summary>Makes a round and checks it against the toy model without an engine.</summary>
    private static IReadOnlyList<FinishedGroup> Round(IRolloutSession session, params (int Prompt, int Length, int From, int Rollouts)[] round)
    {
        PromptBudget[] budgets = [.. round.Select(r => new PromptBudget(RequestFixture.Prompt(r.Prompt, r.Length), r.From, r.Rollouts))];
        session.Submit(budgets);
        var finished = session.Advance(leave: 0, null, default);
        RequestFixture.AssertAsExpected(
            new RolloutRequest(5, RolloutPurpose.Training, budgets, Sampling),
            new RolloutResult([.. finished.Select(f => f.Group)], session.Statistics));
        return finished;
    }

    /// <summary>Response tokens that went through the model once: all but each rollout's last.</summary>
    private static long Computed(IReadOnlyList<FinishedGroup> finished) => finished.Sum(f => f.Group.Rollouts.Sum(r => r.Length - 1L));
}
