using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Batching;

public class OptimizerBatchBuilderTests
{
    private const int MaxNewTokens = 20;

    [Theory]
    [InlineData(LossAggregation.TokenMean)]
    [InlineData(LossAggregation.TokenSum)]
    [InlineData(LossAggregation.SeqMeanTokenMean)]
    [InlineData(LossAggregation.SeqMeanTokenSum)]
    [InlineData(LossAggregation.SeqMeanTokenSumNorm)]
    public void Token_weights_follow_the_definition_whatever_the_micro_batch_size(LossAggregation aggregation)
    {
        int[] lengths = [2, 4, 3, 1, 5];
        foreach (var microBatchTokens in new[] { 1, 9, 1000 })
        {
            var batch = Build(aggregation, microBatchTokens, Decisions([1, -1, 2, -2, 1], lengths));

            var totals = SumWeightsBySequence(batch);

            var expected = lengths.Select(length => aggregation switch
            {
                LossAggregation.TokenMean => length / 15.0,
                LossAggregation.TokenSum => length,
                LossAggregation.SeqMeanTokenMean => 1 / 5.0,
                LossAggregation.SeqMeanTokenSum => length / 5.0,
                _ => length / 5.0 / MaxNewTokens,
            });
            Assert.All(expected.Zip(totals), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        }
    }

    [Fact]
    public void Rollouts_without_a_gradient_stay_in_the_denominator_but_not_in_the_batch()
    {
        var batch = Build(LossAggregation.TokenMean, 1000, Decisions([1, 0], [2, 6]));

        var micro = Assert.Single(batch.MicroBatches);
        Assert.Equal(1, micro.SequenceCount);
        Assert.Equal(8, batch.LossTokens);
        Assert.Equal(2 / 8.0, micro.LossWeights.Sum(), 1e-6);
    }

    [Fact]
    public void With_kl_a_zero_advantage_still_has_a_gradient()
    {
        var builder = new OptimizerBatchBuilder(Sections.Loss with { Kl = new KlSection(0.1, KlEstimator.K3, KlPlacement.Loss, Unbiased: false) }, Sections.Update, MaxNewTokens);

        Assert.Equal(2, builder.Build(Decisions([1, 0], [2, 6]))[0].MicroBatches[0].SequenceCount);
    }

    [Fact]
    public void Empty_rollouts_count_in_sequence_means_where_the_recipe_says_so()
    {
        var decisions = Decisions([1, 1], [2, 0]);
        LossSection Loss(EmptySequences empty) => Sections.Loss with { Aggregation = LossAggregation.SeqMeanTokenMean, EmptySequences = empty };

        Assert.Equal(1, new OptimizerBatchBuilder(Loss(EmptySequences.Exclude), Sections.Update, MaxNewTokens).Build(decisions)[0].Sequences);
        Assert.Equal(2, new OptimizerBatchBuilder(Loss(EmptySequences.Count), Sections.Update, MaxNewTokens).Build(decisions)[0].Sequences);
    }

    [Fact]
    public void Tokens_may_have_advantages_of_their_own()
    {
        var decision = Decisions([1], [3])[0] with { TokenAdvantages = [.5f, -1, 2] };

        Assert.Equal([.5f, -1, 2], Build(LossAggregation.TokenMean, 1000, [decision]).MicroBatches.Single().Advantages);
    }

    [Fact]
    public void Arrays_are_aligned_to_their_tokens()
    {
        var micro = Build(LossAggregation.TokenSum, 1000, Decisions([1.5f, -2], [2, 3])).MicroBatches.Single();

        Assert.Equal([1, 2, 10, 11, 11, 12, 13], micro.InputIds);
        Assert.Equal([0, 1, 2, 3, 2, 3, 4], micro.PositionIds);
        Assert.Equal([0, 4, 7], micro.CuSeqLens);
        Assert.Equal([0, 2], micro.PrefixLengths);
        Assert.Equal([2, 3, 4, 5, 6], micro.LossTokens);
        Assert.Equal([0, 2, 5], micro.CuLossLens);
        Assert.Equal([1.5f, 1.5f, -2, -2, -2], micro.Advantages);
        Assert.Equal([-0.1f, -0.2f, -0.1f, -0.2f, -0.3f], micro.OldLogProbs.Select(x => MathF.Round(x, 5)));
    }

    [Fact]
    public void Mini_batches_hold_whole_groups_and_repeat_each_epoch()
    {
        var decisions = Enumerable.Range(0, 5).SelectMany(p => Decisions([1, -1], [2, 2], prompt: p)).ToList();
        var builder = new OptimizerBatchBuilder(Sections.Loss, Sections.Update with { Minibatches = 2, Epochs = 2 }, MaxNewTokens);

        var batches = builder.Build(decisions);

        Assert.Equal([4L, 6, 4, 6], batches.Select(b => b.Sequences));
    }

    [Fact]
    public void Replayed_rollouts_are_spread_over_the_mini_batches()
    {
        var sampled = Enumerable.Range(0, 4).SelectMany(p => Decisions([1, -1], [2, 2], prompt: p));
        var replayed = Enumerable.Range(10, 6).SelectMany(p => Decisions([1], [2], prompt: p)).Select(d => d with { Fate = RolloutFate.Replayed });

        var batches = new OptimizerBatchBuilder(Sections.Loss, Sections.Update with { Minibatches = 2 }, MaxNewTokens).Build([.. sampled, .. replayed]);

        Assert.Equal([7L, 7], batches.Select(b => b.Sequences));
    }

    [Fact]
    public void Dropped_rollouts_leave_batch_and_denominator()
    {
        var decisions = Decisions([1, 1], [2, 6]).Select((d, i) => i == 1 ? d with { Fate = RolloutFate.Dropped } : d).ToList();

        Assert.Equal(2, Build(LossAggregation.TokenMean, 1000, decisions).LossTokens);
    }

    private static OptimizerBatch Build(LossAggregation aggregation, int microBatchTokens, IReadOnlyList<RolloutDecision> decisions) =>
        new OptimizerBatchBuilder(
            Sections.Loss with { Aggregation = aggregation }, Sections.Update with { MicroBatchTokens = microBatchTokens }, MaxNewTokens).Build(decisions).Single();

    private static List<RolloutDecision> Decisions(float[] advantages, int[] lengths, int prompt = 0)
    {
        var group = GradedGroups.Of(prompt, advantages, lengths);
        return advantages.Select((a, i) => new RolloutDecision(
            group.Group.Prompt, group.Group.Rollouts[i], group.Verdicts[i], a, RolloutFate.Kept, BatchRecomposer.OnPolicy)).ToList();
    }

    private static List<double> SumWeightsBySequence(OptimizerBatch batch) =>
        batch.MicroBatches.SelectMany(m => Enumerable.Range(0, m.SequenceCount).Select(
            s => m.LossWeights[m.CuLossLens[s]..m.CuLossLens[s + 1]].Sum(w => (double)w))).ToList();
}
