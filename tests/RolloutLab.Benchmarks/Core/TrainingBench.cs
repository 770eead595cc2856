using System.Diagnostics;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Training;

namespace RolloutLab.Benchmarks;

/// <summary>Speed of the policy update: log-probs, loss, backward, clip and AdamW.</summary>
internal static class TrainingBench
{
    private const int MicroBatchTokens = 4096;

    private static readonly VanillaLossSection Vanilla = new() { ClipLow = 0.2, ClipHigh = 0.28, DualClip = 3 };

    private static readonly LossSection Loss = new() { Policy = Vanilla, Aggregation = LossAggregation.TokenMean };

    private static readonly OptimizerSection Optimizer = new()
    {
        LearningRate = 1e-5, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8, WeightDecay = 0.01, MaxGradNorm = 1,
        Schedule = new ConstantScheduleSection { WarmupSteps = 0 },
    };

    /// <summary>Tokens a second through forward, backward and update; best of several updates of 4 micro-batches.</summary>
    public static double TokensPerSecond(BenchModel model, bool quick)
    {
        using var optimizer = new AdamW(model.Weights.Parameters, Optimizer);
        var updater = Updater(model, optimizer);
        var batch = Batch(model, MicroBatchTokens * (quick ? 1 : 4));
        updater.Update([batch]);
        var best = 0.0;
        for (var repeat = 0; repeat < (quick ? 1 : 4); repeat++)
        {
            var started = Stopwatch.GetTimestamp();
            var report = updater.Update([batch]);
            best = Math.Max(best, report.TokensTrained / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return best;
    }

    /// <summary>Operations of a token: forward, and twice that for the two products of each backward.</summary>
    public static double OperationsPerToken(BenchModel model) =>
        3 * model.ForwardOperations((model.PromptLength + model.ResponseLength) / 2.0);

    public static PolicyUpdater Updater(BenchModel model, AdamW optimizer) => new(
        model.Model, reference: null, new VanillaLoss(Vanilla), Loss, optimizer, new LearningRateSchedule(Optimizer, 1), temperature: 1);

    public static AdamW CreateOptimizer(BenchModel model) => new(model.Weights.Parameters, Optimizer);

    /// <summary>An optimizer step's batch of random sequences with alternating advantages.</summary>
    public static OptimizerBatch Batch(BenchModel model, int tokens)
    {
        var length = model.PromptLength + model.ResponseLength;
        var sequences = Enumerable.Range(0, tokens / length).Select(i =>
        {
            var stream = new RandomStreams(3).Stream(StreamPurpose.DatasetGeneration, prompt: i);
            var ids = Enumerable.Range(0, length).Select(t => stream.Below(t, model.Model.Config.VocabularySize)).ToArray();
            var old = Enumerable.Repeat(-(float)Math.Log(model.Model.Config.VocabularySize), model.ResponseLength).ToArray();
            return new PackedSequence(ids[..model.PromptLength], ids[model.PromptLength..], old, new TokenCredit(i % 2 == 0 ? 1 : -1, 1f / tokens));
        }).ToList();
        return new OptimizerBatch(new MicroBatchPacker(MicroBatchTokens).Pack(sequences), tokens, sequences.Count);
    }
}
