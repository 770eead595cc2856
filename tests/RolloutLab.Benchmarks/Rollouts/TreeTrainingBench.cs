using System.Diagnostics;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Training;

namespace RolloutLab.Benchmarks;

/// <summary>Training on trees: the time of an update whose leaves share a prefix, against the same leaves laid down whole.</summary>
internal static class TreeTrainingBench
{
    private const int PrefixLength = 256;
    private const int LeafLength = 64;
    private const int MicroBatchTokens = 8192;

    /// <summary>What one number of leaves costs.</summary>
    /// <param name="TimeRatio">Time with the prefix shared over the time without.</param>
    /// <param name="TokenRatio">Distinct tokens over all tokens: what the time ratio would be if time went with distinct tokens.</param>
    public readonly record struct Cost(double TimeRatio, double TokenRatio);

    /// <summary>Leaves that share all of a 256-token prefix.</summary>
    public static Cost Shared(BenchModel model, int leaves, bool quick) => Measure(model, leaves, share: true, quick);

    /// <summary>Leaves that share nothing, through the code that looks for shared prefixes.</summary>
    public static Cost Unshared(BenchModel model, int leaves, bool quick) => Measure(model, leaves, share: false, quick);

    private static Cost Measure(BenchModel model, int leaves, bool share, bool quick)
    {
        using var optimizer = TrainingBench.CreateOptimizer(model);
        var updater = TrainingBench.Updater(model, optimizer);
        // Whole trees up to a total that one update of the widest tree reaches.
        var trees = Math.Max(1, (quick ? 4 : 64) / leaves);
        var sequences = Enumerable.Range(0, trees).SelectMany(tree => Leaves(model, tree, leaves, share)).ToList();
        var arranged = sequences.Chunk(leaves).SelectMany(tree => PrefixOrder.Arrange(tree)).ToList();
        var (plain, shared) = (Batch(sequences), Batch(arranged));
        double plainSeconds = double.MaxValue, sharedSeconds = double.MaxValue;
        for (var repeat = 0; repeat < (quick ? 1 : 2); repeat++)
        {
            plainSeconds = Math.Min(plainSeconds, Seconds(updater, plain));
            sharedSeconds = Math.Min(sharedSeconds, Seconds(updater, shared));
        }

        var (distinct, all) = (shared.MicroBatches.Sum(m => (long)m.TokenCount), plain.MicroBatches.Sum(m => (long)m.TokenCount));
        return new Cost(Math.Round(sharedSeconds / plainSeconds, 3), Math.Round(distinct / (double)all, 3));
    }

    private static double Seconds(PolicyUpdater updater, OptimizerBatch batch)
    {
        var started = Stopwatch.GetTimestamp();
        updater.Update([batch]);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static OptimizerBatch Batch(List<PackedSequence> sequences) =>
        new(new MicroBatchPacker(MicroBatchTokens).Pack(sequences), sequences.Sum(s => (long)s.ResponseIds.Length), sequences.Count);

    private static IEnumerable<PackedSequence> Leaves(BenchModel model, int tree, int leaves, bool share)
    {
        var vocabulary = model.Model.Config.VocabularySize;
        for (var leaf = 0; leaf < leaves; leaf++)
        {
            var prefix = new RandomStreams(4).Stream(StreamPurpose.DatasetGeneration, tree, share ? 0 : leaf + 1);
            var own = new RandomStreams(5).Stream(StreamPurpose.DatasetGeneration, tree, leaf);
            yield return new PackedSequence(
                [.. Enumerable.Range(0, PrefixLength).Select(t => prefix.Below(t, vocabulary))],
                [.. Enumerable.Range(0, LeafLength).Select(t => own.Below(t, vocabulary))],
                [],
                new TokenCredit(leaf % 2 == 0 ? 1 : -1, 1f / (leaves * LeafLength)));
        }
    }
}
