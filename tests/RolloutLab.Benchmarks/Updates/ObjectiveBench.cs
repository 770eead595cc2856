using System.Diagnostics;
using System.Text.Json.Nodes;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Training;

namespace RolloutLab.Benchmarks;

/// <summary>Time of losses and advantages.</summary>
internal static class ObjectiveBench
{
    private const int GroupSize = 16;

    private static readonly (string Name, IPolicyLoss Loss)[] Losses =
    [
        ("vanilla", new VanillaLoss(new VanillaLossSection { ClipLow = .2, ClipHigh = .28, DualClip = 3 })),
        ("gspo", new GspoLoss(3e-4, 4e-4)),
        ("cispo", new CispoLoss(new CispoLossSection { ClipLow = .2, ClipHigh = .28, RatioCap = 0 })),
        ("sapo", new SapoLoss(new SapoLossSection { TauPositive = 1, TauNegative = 1.05 })),
        ("gmpo", new GmpoLoss(new GmpoLossSection { ClipLow = .4, ClipHigh = .4 })),
        ("clip_cov", new ClipCovLoss(new ClipCovLossSection { ClipLow = .2, ClipHigh = .2, CovRatio = 2e-4, CovLow = 1, CovHigh = 5 }, new RandomStreams(1))),
        ("kl_cov", new KlCovLoss(new KlCovLossSection { CovRatio = 2e-4, KlCovCoefficient = .1 })),
    ];

    /// <summary>Time of loss, gradient, metrics and GRPO advantages as a share of the whole update of the same tokens.</summary>
    public static double Share(BenchModel model, bool quick)
    {
        var tokens = quick ? 4096 : 16_384;
        using var optimizer = TrainingBench.CreateOptimizer(model);
        var updater = TrainingBench.Updater(model, optimizer);
        var batch = TrainingBench.Batch(model, tokens);
        var update = Best(quick ? 1 : 4, () => updater.Update([batch]));
        var terms = batch.MicroBatches.Sum(b => b.LossCount);
        var objective = Best(5, () => Evaluate(Losses[0].Loss, terms, model.ResponseLength));
        var advantages = Best(5, () => Estimate(terms / model.ResponseLength, model.ResponseLength));
        return (objective + advantages) / update;
    }

    public static JsonObject NanosecondsPerToken(bool quick)
    {
        const int Length = 256;
        var terms = quick ? 4096 : 65_536;
        var result = new JsonObject();
        foreach (var (name, loss) in Losses)
        {
            result[name] = Math.Round(1e9 * Best(quick ? 1 : 5, () => Evaluate(loss, terms, Length)) / terms, 1);
        }

        return result;
    }

    private static void Evaluate(IPolicyLoss loss, int terms, int length)
    {
        var section = new LossSection { Policy = new VanillaLossSection { ClipLow = .2, ClipHigh = .28, DualClip = 3 }, Aggregation = LossAggregation.TokenMean };
        var (logProbs, old, entropy, advantages, weights) = (new double[terms], new double[terms], new double[terms], new double[terms], new double[terms]);
        for (var t = 0; t < terms; t++)
        {
            (logProbs[t], old[t], entropy[t]) = (-1 - (t % 97 / 97.0), -1 - (t % 89 / 89.0), 1);
            (advantages[t], weights[t]) = (t / length % 2 == 0 ? 1 : -1, 1.0 / terms);
        }

        int[] boundaries = [.. Enumerable.Range(0, terms / length).Select(s => s * length), terms];
        var inputs = new LossInputs
        {
            LogProbs = logProbs, OldLogProbs = old, RolloutLogProbs = old, Entropy = entropy, Advantages = advantages, Weights = weights, CuSeqLens = boundaries,
        };
        new PolicyObjective(loss, section).Evaluate(inputs, new double[terms], [], new MetricSums());
    }

    private static void Estimate(int rollouts, int length)
    {
        var groups = Enumerable.Range(0, Math.Max(1, rollouts / GroupSize)).Select(g => new RewardGroup
        {
            Key = $"{g}", Rewards = [.. Enumerable.Range(0, GroupSize).Select(i => (double)((g + i) % 2))], Lengths = [.. Enumerable.Repeat(length, GroupSize)],
        }).ToList();
        new GrpoAdvantage(new GrpoAdvantageSection { Normalize = AdvantageNormalization.GroupStd, Epsilon = 1e-6, Singleton = SingletonAdvantage.Zero }).Estimate(groups);
    }

    /// <summary>Seconds of the fastest of several calls, after one that does not count.</summary>
    internal static double Best(int repeats, Action work)
    {
        work();
        var best = double.PositiveInfinity;
        for (var i = 0; i < repeats; i++)
        {
            var started = Stopwatch.GetTimestamp();
            work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return best;
    }
}
