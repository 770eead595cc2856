using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Batching;

/// <summary>Shared prefixes: found by the order, laid down once, credited by leaf or by node.</summary>
public class PrefixSharingTests
{
    private static readonly TokenCredit Plain = new(1, 1);

    [Fact]
    public void Neighbours_in_order_share_all_that_is_shared()
    {
        var ordered = PrefixOrder.Arrange(
        [
            Sequence([1, 2], [5, 6, 7]), Sequence([1, 2], [5, 9]), Sequence([1, 2], [5, 6, 7]), Sequence([1, 3], [5, 6]), Sequence([1, 2], [5, 6]),
        ]);

        Assert.Equal(["5 6", "5 6 7", "5 6 7", "5 9", "5 6"], ordered.Select(s => string.Join(' ', s.ResponseIds)));
        Assert.Equal([0, 4, 5, 3, 1], ordered.Select(s => s.SharedPrefix));
    }

    /// <summary>Against the number of distinct prefixes, counted as strings, for random sequences over two symbols.</summary>
    [Fact]
    public void Every_distinct_prefix_is_laid_down_once_and_every_path_can_be_read_back()
    {
        var random = new Random(5);
        for (var trial = 0; trial < 200; trial++)
        {
            var sequences = Enumerable.Range(0, random.Next(1, 12)).Select(_ => Sequence([1], Tokens(random, random.Next(1, 7)))).ToList();
            var micro = new MicroBatchPacker(10_000).Pack(PrefixOrder.Arrange(sequences)).Single();

            var paths = sequences.Select(s => (int[])[.. s.PromptIds, .. s.ResponseIds]).ToList();
            var prefixes = paths.SelectMany(p => Enumerable.Range(1, p.Length).Select(n => string.Join(' ', p.Take(n)))).Distinct().Count();
            Assert.Equal(prefixes, micro.TokenCount);
            Assert.Equal(paths.Sum(p => (long)p.Length), micro.PathTokenCount);
            Assert.Equal(
                paths.Select(p => string.Join(' ', p)).Order(StringComparer.Ordinal), ReadBack(micro).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void A_micro_batch_that_begins_inside_a_tree_holds_the_whole_path()
    {
        var ordered = PrefixOrder.Arrange([Sequence([1, 2], [5, 6, 7]), Sequence([1, 2], [5, 6, 8]), Sequence([1, 2], [5, 9])]);

        var batches = new MicroBatchPacker(6).Pack(ordered);

        Assert.Equal([6, 4], batches.Select(b => b.TokenCount));
        Assert.Equal([1, 2, 5, 9], batches[1].InputIds);
        Assert.Equal([0], batches[1].PrefixLengths);
        Assert.Equal([2, 3, 4, 2, 3, 5], batches[0].LossTokens);
        Assert.Equal([2, 3], batches[1].LossTokens);
    }

    /// <summary>Leaves "5 6 7", "5 6 8" and "5 9" with advantages 1, -3 and 5: means 1 below 5, -1 below 6.</summary>
    [Fact]
    public void A_node_is_trained_once_with_the_mean_of_its_leaves()
    {
        var credited = NodeCredit.Assign(PrefixOrder.Arrange(
        [
            Sequence([1, 2], [5, 6, 7], new(1, 1)), Sequence([1, 2], [5, 6, 8], new(-3, 1)), Sequence([1, 2], [5, 9], new(5, 1)),
        ]));

        Assert.Equal([new(1, 1), new(-1, 1), new(1, 1)], credited[0].TokenCredits!);
        Assert.Equal([default, default, new(-3, 1)], credited[1].TokenCredits!);
        Assert.Equal([default, new(5, 1)], credited[2].TokenCredits!);
    }

    /// <summary>Weights 1 and 3 on advantages 2 and -2: mean -1 with mean weight 2.</summary>
    [Fact]
    public void Rollout_weights_weigh_in_the_mean_of_a_node()
    {
        var credited = NodeCredit.Assign(PrefixOrder.Arrange([Sequence([1], [5], new(2, 1)), Sequence([1], [5], new(-2, 3))]));

        Assert.Equal([new(-1, 2)], credited[0].TokenCredits!);
        Assert.Equal([default], credited[1].TokenCredits!);
    }

    [Fact]
    public void Node_credit_counts_distinct_tokens_in_the_denominator()
    {
        var batch = Build(Sections.Update with { PrefixCredit = PrefixCredit.Node }, [1, -1], [[5, 6, 7], [5, 6, 8]]);

        var micro = Assert.Single(batch.MicroBatches);
        Assert.Equal(4, batch.LossTokens);
        Assert.Equal([1f, -1f], micro.Advantages.Where(a => a != 0));
        Assert.Equal(1, micro.LossWeights.Sum(), 1e-6);
    }

    [Fact]
    public void Forced_tokens_are_trained_or_left_out_as_the_recipe_says()
    {
        TokenOrigin[] origins = [TokenOrigin.Sampled, TokenOrigin.Forced, TokenOrigin.Sampled, TokenOrigin.Greedy];

        var trained = Build(Sections.Update, [1], [[5, 6, 7, 8]], origins);
        var masked = Build(Sections.Update with { ForcedTokens = ForcedTokens.Mask }, [1], [[5, 6, 7, 8]], origins);

        Assert.Equal((4L, 4), (trained.LossTokens, trained.MicroBatches[0].LossCount));
        Assert.Equal(2, masked.LossTokens);
        Assert.Equal([2, 4], masked.MicroBatches[0].LossTokens);
        Assert.Equal([0.5f, 0.5f], masked.MicroBatches[0].LossWeights);
    }

    private static PackedSequence Sequence(int[] prompt, int[] response, TokenCredit? credit = null) => new(prompt, response, [], credit ?? Plain);

    private static int[] Tokens(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(2, 4))];

    private static IEnumerable<string> ReadBack(MicroBatch micro)
    {
        int[] path = [];
        for (var s = 0; s < micro.SequenceCount; s++)
        {
            path = [.. path.Take(micro.PrefixLengths[s]), .. micro.InputIds[micro.CuSeqLens[s]..micro.CuSeqLens[s + 1]]];
            yield return string.Join(' ', path);
        }
    }

    private static OptimizerBatch Build(UpdateSection update, float[] advantages, int[][] responses, TokenOrigin[]? origins = null)
    {
        var group = GradedGroups.Of(0, advantages);
        var decisions = advantages.Select((a, i) => new RolloutDecision(
            group.Group.Prompt,
            group.Group.Rollouts[i] with { TokenIds = responses[i], LogProbs = new float[responses[i].Length], Origins = origins ?? [] },
            group.Verdicts[i],
            a,
            RolloutFate.Kept,
            BatchRecomposer.OnPolicy)).ToList();
        return new OptimizerBatchBuilder(Sections.Loss with { Aggregation = LossAggregation.TokenMean }, update, maxNewTokens: 20).Build(decisions).Single();
    }
}
