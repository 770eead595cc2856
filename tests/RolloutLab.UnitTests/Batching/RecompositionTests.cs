using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Batching;

public class RecompositionTests
{
    private const long TotalSteps = 10;

    [Fact]
    public void What_cannot_be_trained_is_dropped_and_the_rest_is_on_policy()
    {
        var decisions = Recompose([], Group(0, [1, 0, float.NaN], [3, 0, 2])).Sampled;

        Assert.Equal(["on_policy", "empty", "no_verdict"], decisions.Select(d => d.Reason));
        Assert.Equal([true, false, false], decisions.Select(d => d.IsTrained));
    }

    [Fact]
    public void Truncated_rollouts_give_no_penalty_but_may_be_rewarded()
    {
        var group = Group(0, [1, 0, 0, 1], [3, 3, 3, 3], truncated: [false, true, false, true]);

        Assert.Equal(["on_policy", "truncated", "on_policy", "on_policy"], Recompose([new MaskTruncated(TruncatedMask.Penalties)], group).Sampled.Select(d => d.Reason));
    }

    [Fact]
    public void Dynamic_sampling_keeps_groups_whose_rewards_differ_and_counts_the_missing()
    {
        var stage = new DynamicSampling(new DynamicSamplingSection(4, -1000, 1000));
        GradedGroup[] groups = [Group(0, [1, 1]), Group(1, [0, 1]), Group(2, [.5f, .5f]), Group(3, [1]), Group(4, [float.NaN, 1, 0])];

        var reasons = Recompose([stage], groups).Sampled.GroupBy(d => d.Prompt.Index).Select(g => g.Last().Reason);

        Assert.Equal(["zero_spread", "on_policy", "zero_spread", "on_policy", "on_policy"], reasons);
        Assert.Equal((2, 0), (stage.Missing(groups, 5), stage.Missing(groups, 3)));
    }

    [Fact]
    public void Dynamic_sampling_can_ask_for_a_range_of_means()
    {
        var stage = new DynamicSampling(new DynamicSamplingSection(4, .3, .7));

        var decisions = Recompose([stage], Group(0, [1, 1, 1, 0]), Group(1, [1, 0])).Sampled;

        Assert.Equal(["mean_out_of_range", "on_policy"], [decisions[0].Reason, decisions[^1].Reason]);
    }

    [Fact]
    public void Rorecomp_trains_the_shortest_right_and_the_longest_wrong_rollouts()
    {
        var stage = Rorecomp(section => section with { StartProbability = 0, EndProbability = 0 });

        var decisions = Recompose([stage], Group(0, [1, 1, 1, 0, 0, 0, 0], [9, 4, 6, 3, 8, 5, 2])).Sampled;

        // Half of three right ones, rounded up: 4 and 6. Half of four wrong ones: 8 and 5.
        Assert.Equal([4, 6, 8, 5], decisions.Where(d => d.IsTrained).Select(d => d.Rollout.Length));
        Assert.All(decisions.Where(d => d.IsTrained), d => Assert.Equal("rorecomp_priority", d.Reason));
        Assert.Equal([9, 3, 2], decisions.Where(d => d.Fate == RolloutFate.Deferred).Select(d => d.Rollout.Length));
        Assert.Equal(3, stage.Buffered);
    }

    [Fact]
    public void Rorecomp_over_the_batch_ranks_across_groups_and_drops_what_teaches_nothing()
    {
        var stage = Rorecomp(section => section with { Scope = RecompositionScope.Batch, StartProbability = 0, EndProbability = 0 });

        var decisions = Recompose([stage], Group(0, [1, 1], [9, 8]), Group(1, [1, 0], [3, 4])).Sampled;

        Assert.Equal(["rorecomp_idle", "rorecomp_priority", "rorecomp_priority", "rorecomp_priority"], decisions.Select(d => d.Reason));
        Assert.Equal(0, stage.Buffered);
    }

    [Fact]
    public void Compensation_replays_deferred_rollouts_with_their_behaviour_log_probs_and_age()
    {
        var stage = Rorecomp(section => section with { StartProbability = 1, EndProbability = 1, MaxPolicyAge = 10 });
        var first = Recompose([stage], Group(0, [1, 1, 0, 0], [1, 2, 3, 4]));

        var second = Recompose([stage], 2, policyVersion: 9, Group(1, [1, 0], [1, 2]));

        Assert.Empty(first.Replayed);
        Assert.Equal(2, second.Replayed.Count);
        Assert.All(second.Replayed, d =>
        {
            Assert.Equal((RolloutFate.Replayed, "rorecomp_compensation", 5, 0), (d.Fate, d.Reason, d.PolicyAge, d.Prompt.Index));
            Assert.Same(first.Sampled.First(s => s.Rollout.Length == d.Rollout.Length).Rollout.LogProbs, d.Rollout.LogProbs);
        });
        Assert.Equal(0, stage.Buffered);
    }

    [Fact]
    public void Rollouts_that_are_too_old_or_too_many_leave_the_buffer()
    {
        var small = Rorecomp(section => section with { StartProbability = 0, EndProbability = 0, Capacity = 3, MaxPolicyAge = 2 });
        Recompose([small], Group(0, [1, 1, 0, 0, 1, 0, 1, 0], [1, 2, 3, 4, 5, 6, 7, 8]));
        Assert.Equal(3, small.Buffered);

        Recompose([small], 2, policyVersion: 7, Group(1, [1, 0], [1, 2]));

        Assert.Equal(0, small.Buffered);
    }

    [Theory]
    [InlineData(ProbabilitySchedule.Constant, 1.0)]
    [InlineData(ProbabilitySchedule.Linear, 4 / 9.0)]
    [InlineData(ProbabilitySchedule.Cosine, 0.413176)]
    public void Compensation_is_as_frequent_as_the_schedule_says(ProbabilitySchedule schedule, double expected)
    {
        var replays = 0;
        for (var seed = 0; seed < 400; seed++)
        {
            var stage = Rorecomp(section => section with { StartProbability = 1, EndProbability = 0, Schedule = schedule });
            for (var step = 5; step <= 6; step++)
            {
                replays += Recompose([stage], step, 4, (ulong)seed, Group(step, [1, 1, 0, 0], [1, 2, 3, 4])).Replayed.Count > 0 ? 1 : 0;
            }
        }

        // Only the second of the two steps has anything to replay; its progress is 5/9.
        Assert.Equal(expected, replays / 400.0, .08);
    }

    [Fact]
    public void Replay_puts_informative_groups_in_the_place_of_uninformative_ones()
    {
        var stage = new GroupReplay(new ReplaySection(2, 10));
        Assert.Empty(Recompose([stage], Group(0, [1, 1])).Replayed);
        Recompose([stage], Group(1, [1, 0]), Group(2, [1, 1, 0, 0]), Group(3, [1, 0, 0]));
        Assert.Equal(2, stage.Buffered);

        var recomposed = Recompose([stage], 2, 6, Group(4, [1, 1]), Group(5, [0, 0]), Group(6, [0, 0]), Group(7, [1, 0]));

        // Scores are sums of |A| times std: group 2 has 4·.5·.577, group 3 has 1.333·.577, group 1 has 1·.707: 2 and 3 stay.
        Assert.Equal([2, 3], recomposed.Replayed.Select(d => d.Prompt.Index).Distinct().Order());
        Assert.Equal(["replaced", "replaced", "on_policy", "on_policy"], recomposed.Sampled.Where((_, i) => i % 2 == 0).Select(d => d.Reason));
        Assert.All(recomposed.Replayed, d => Assert.Equal(("group_replay", 2), (d.Reason, d.PolicyAge)));
    }

    [Fact]
    public void Replay_draws_in_proportion_to_the_score()
    {
        var counts = new Dictionary<int, int>();
        for (var seed = 0; seed < 600; seed++)
        {
            var stage = new GroupReplay(new ReplaySection(8, 10));
            Recompose([stage], 1, 4, (ulong)seed, Group(1, [1, 0]), Group(2, [3, 0]));
            var drawn = Recompose([stage], 2, 4, (ulong)seed, Group(3, [1, 1])).Replayed[0].Prompt.Index;
            counts[drawn] = counts.GetValueOrDefault(drawn) + 1;
        }

        // Rewards three times as far apart: advantage and deviation are each three times as large.
        Assert.Equal(.9, counts[2] / 600.0, .05);
    }

    [Fact]
    public void Self_imitation_trains_its_successes_once_they_are_enough()
    {
        var stage = new SelfImitation(new SelfImitationSection { Capacity = 2, MaxSteps = 3, Coefficient = .1, WarmupSteps = 4 });
        Assert.Empty(Recompose([stage], 1, 4, Group(0, [1, 0])).Replayed);
        Assert.Empty(Recompose([stage], 2, 4, Group(1, [1, 0, 0, 0])).Replayed);
        Assert.Equal(2, stage.Buffered);

        var replayed = Recompose([stage], 3, 4, Group(2, [1, 1, 0])).Replayed;

        // Means .5, .25 and .667: the median is .5. Weight .1·(1 − cos(3π/4))/2. The buffer holds three, the newest.
        Assert.Equal(3, replayed.Count);
        Assert.All(replayed, d => Assert.Equal((.5f, true, "self_imitation"), (d.Advantage, d.IsAuxiliary, d.Reason)));
        Assert.All(replayed, d => Assert.Equal(.0853553, d.Weight, 1e-6));
        Assert.Equal(0, stage.Buffered);
    }

    [Fact]
    public void An_auxiliary_loss_has_its_own_denominators()
    {
        var sampled = Recompose([], Group(0, [1, 0], [2, 2])).Sampled;
        var own = sampled[0] with { Fate = RolloutFate.Replayed, Weight = .5f, IsAuxiliary = true };
        var builder = new OptimizerBatchBuilder(Sections.Loss, Sections.Update, 20);

        var batch = builder.Build([.. sampled, own]).Single();

        Assert.Equal(4, batch.LossTokens);
        Assert.Equal([.25f, .25f, .25f, .25f, .25f, .25f], batch.MicroBatches.Single().LossWeights);
    }

    [Fact]
    public void Every_truncated_rollout_is_left_out_where_all_are_masked()
    {
        var group = Group(0, [1, 0, 1, 0], [3, 3, 3, 3], truncated: [true, true, false, false]);

        var decisions = Recompose([new MaskTruncated(TruncatedMask.All)], group).Sampled;

        Assert.Equal(["truncated", "truncated", "on_policy", "on_policy"], decisions.Select(d => d.Reason));
        Assert.Equal([.5f, -.5f, .5f, -.5f], decisions.Select(d => d.Advantage));
    }

    [Fact]
    public void Stages_act_in_the_order_of_the_recipe()
    {
        var group = Group(0, [1, 0, 0], [3, 9, 8], truncated: [false, true, false]);

        var maskFirst = Recompose([new MaskTruncated(TruncatedMask.Penalties), Rorecomp(s => s with { StartProbability = 0, EndProbability = 0 })], group).Sampled;
        var maskLast = Recompose([Rorecomp(s => s with { StartProbability = 0, EndProbability = 0 }), new MaskTruncated(TruncatedMask.Penalties)], group).Sampled;

        Assert.Equal(["rorecomp_priority", "truncated", "rorecomp_priority"], maskFirst.Select(d => d.Reason));
        Assert.Equal(["rorecomp_priority", "truncated", "rorecomp_deferred"], maskLast.Select(d => d.Reason));
    }

    public static TheoryData<string> StatefulStages => ["rorecomp", "replay", "self_imitation"];

    [Theory]
    [MemberData(nameof(StatefulStages))]
    public void A_resumed_stage_goes_on_as_if_it_had_never_stopped(string name)
    {
        IRecompositionStage Create() => name switch
        {
            "rorecomp" => Rorecomp(s => s with { StartProbability = 1, EndProbability = 1 }),
            "replay" => new GroupReplay(new ReplaySection(4, 20)),
            _ => new SelfImitation(new SelfImitationSection { Capacity = 6, WarmupSteps = 2 }),
        };
        GradedGroup[] Groups(int step) => [.. Enumerable.Range(0, 4).Select(g => Group((10 * step) + g, g == 3 ? [1, 1, float.NaN] : [1, 0, g % 2, 0]))];
        var whole = Create();
        for (var step = 1; step <= 3; step++)
        {
            Recompose([whole], step, 4 + step, Groups(step));
        }

        var resumed = Create();
        ((IStateful)resumed).LoadState(new MemoryStream(Saved(whole)));
        Assert.Equal(Saved(whole), Saved(resumed));
        for (var step = 4; step <= 6; step++)
        {
            var expected = Recompose([whole], step, 4 + step, Groups(step));
            var actual = Recompose([resumed], step, 4 + step, Groups(step));
            Assert.Equal(Lines(expected), Lines(actual));
        }

        Assert.Throws<CheckpointException>(() => ((IStateful)resumed).LoadState(new MemoryStream("{\"x\": 1}"u8.ToArray())));
    }

    private static byte[] Saved(IRecompositionStage stage)
    {
        var stream = new MemoryStream();
        ((IStateful)stage).SaveState(stream);
        return stream.ToArray();
    }

    private static IEnumerable<string> Lines(Recomposition recomposed) => recomposed.All.Select(d =>
        $"{d.Prompt.Id} {d.Prompt.Text} {d.Rollout.Index} {string.Join(',', d.Rollout.TokenIds)} {string.Join(',', d.Rollout.LogProbs)} {d.Rollout.PolicyVersion} {d.Verdict.Status} {d.Verdict.Reward} {d.Advantage} {d.Weight} {d.Fate} {d.Reason} {d.PolicyAge}");

    private static Rorecomp Rorecomp(Func<RorecompSection, RorecompSection> change) => new(change(new RorecompSection()));

    private static Recomposition Recompose(IReadOnlyList<IRecompositionStage> stages, params GradedGroup[] groups) => Recompose(stages, 1, 4, groups);

    private static Recomposition Recompose(IReadOnlyList<IRecompositionStage> stages, long step, long policyVersion, params GradedGroup[] groups) =>
        Recompose(stages, step, policyVersion, 1, groups);

    private static Recomposition Recompose(IReadOnlyList<IRecompositionStage> stages, long step, long policyVersion, ulong seed, params GradedGroup[] groups)
    {
        var advantages = new GrpoAdvantage(Sections.Grpo with { Normalize = AdvantageNormalization.None }).Estimate(new RewardGroups([]).Of(groups));
        return new BatchRecomposer(stages, new RandomStreams(seed), TotalSteps).Recompose(step, groups, advantages, policyVersion);
    }

    private static GradedGroup Group(int prompt, float[] rewards, int[]? lengths = null, bool[]? truncated = null)
    {
        var group = GradedGroups.Of(prompt, rewards, lengths);
        return truncated is null ? group : group with
        {
            Group = group.Group with
            {
                Rollouts = [.. group.Group.Rollouts.Select((r, i) => r with { FinishReason = truncated[i] ? FinishReason.Length : FinishReason.Stop })],
            },
        };
    }
}
