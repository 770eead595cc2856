using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.NativeTests.Torch;
using RolloutLab.Recipes;
using RolloutLab.Torch;
using RolloutLab.Training;

namespace RolloutLab.NativeTests.Training;

[Collection(nameof(LiveTensors))]
public class PolicyUpdaterTests
{
    private static readonly VanillaLossSection Vanilla = new() { ClipLow = 0.2, ClipHigh = 0.28, DualClip = 3 };

    private static readonly LossSection Loss = new() { Policy = Vanilla, Aggregation = LossAggregation.TokenMean };

    private static readonly OptimizerSection Optimizer = new()
    {
        LearningRate = 1e-3, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8, WeightDecay = 0.01, MaxGradNorm = 1,
        Schedule = new ConstantScheduleSection { WarmupSteps = 0 },
    };

    [Fact]
    public void An_update_does_not_depend_on_how_the_batch_is_cut()
    {
        var sequences = Sequences();

        var whole = Updated(sequences, microBatchTokens: 1000, Loss with { EntropyCoefficient = 0.01 });

        foreach (var microBatchTokens in (int[])[1, 15, 22])
        {
            var cut = Updated(sequences, microBatchTokens, Loss with { EntropyCoefficient = 0.01 });
            Assert.All(whole.Zip(cut), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    /// <summary>Shared prompts, shared response tokens, a prefix of another sequence, equal sequences, and one that shares nothing.</summary>
    [Theory]
    [InlineData(1000)]
    [InlineData(16)]
    [InlineData(1)]
    public void Sharing_prefixes_is_training_every_sequence_alone(int microBatchTokens)
    {
        List<PackedSequence> tree =
        [
            new([1, 2, 3], [4, 5, 6, 7], [-2, -2.5f, -2, -3], new(1, 0.1f)),
            new([1, 2, 3], [4, 5, 1, 0, 2], [-2.1f, -2, -2.2f, -2, -2], new(-0.5f, 0.1f)),
            new([1, 2, 3], [4, 5, 6, 7], [-2, -2.5f, -2, -3], new(0.7f, 0.1f)),
            new([1, 2, 3], [4, 5], [-2, -2.4f], new(2, 0.1f)),
            new([1, 2, 3], [6, 5, 6], [-1, -2.4f, -2], new(-1, 0.2f)),
            new([6, 1], [5, 5], [-1, -2], new(1.5f, 0.1f)),
        ];

        var alone = Updated(tree, microBatchTokens: 1, Loss with { EntropyCoefficient = 0.01 });
        var shared = Updated(PrefixOrder.Arrange(tree), microBatchTokens, Loss with { EntropyCoefficient = 0.01 });

        Assert.All(alone.Zip(shared), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        var distinct = new MicroBatchPacker(1000).Pack(PrefixOrder.Arrange(tree)).Single();
        Assert.Equal((17, 37L), (distinct.TokenCount, distinct.PathTokenCount));
    }

    public static TheoryData<string> Objectives => ["gspo", "kl_cov", "clip_cov", "top_entropy", "recomputed"];

    [Theory]
    [MemberData(nameof(Objectives))]
    public void An_objective_that_looks_beyond_a_token_does_not_depend_on_how_the_batch_is_cut(string name)
    {
        var (policy, section) = Objective(name);
        var whole = Updated(Sequences(), microBatchTokens: 1000, section, policy, steps: 2);

        foreach (var microBatchTokens in (int[])[1, 15, 22])
        {
            var cut = Updated(Sequences(), microBatchTokens, section, policy, steps: 2);
            Assert.All(whole.Zip(cut), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    [Fact]
    public void Recomputed_old_log_probs_are_those_before_the_first_optimizer_step()
    {
        // The engine's log-probs of these sequences are made up: with the trainer's own, the ratio of the first step is 1.
        var section = Loss with { OldLogProbs = OldLogProbsSource.Recompute };

        var one = Rows(section, steps: 1);
        var two = Rows(section, steps: 2);

        Assert.Equal(1, one["actor/ratio/mean"], 1e-6);
        Assert.Equal(0, one["actor/ppo_kl"], 1e-7);
        Assert.NotEqual(0, two["actor/ppo_kl"]);
        Assert.NotEqual(1, Rows(Loss, steps: 1)["actor/ratio/mean"], 1e-2);
        Assert.Contains("rollout_corr/kl", one.Keys);
    }

    private static (IPolicyLoss Policy, LossSection Section) Objective(string name) => name switch
    {
        "gspo" => (new GspoLoss(.1, .1), Loss),
        "kl_cov" => (new KlCovLoss(new KlCovLossSection { CovRatio = .3, KlCovCoefficient = 1 }), Loss),
        "clip_cov" => (new ClipCovLoss(new ClipCovLossSection { ClipLow = .9, ClipHigh = 9, CovRatio = .3, CovLow = 0, CovHigh = 99 }, new RandomStreams(1)), Loss),
        "top_entropy" => (new VanillaLoss(Vanilla), Loss with { TopEntropyQuantile = .5, EntropyCoefficient = .01 }),
        _ => (new VanillaLoss(Vanilla), Loss with { OldLogProbs = OldLogProbsSource.Recompute, Correction = new CorrectionSection() }),
    };

    private static Dictionary<string, double> Rows(LossSection section, int steps)
    {
        using var weights = Weights();
        using var model = new DecoderModel(weights);
        using var optimizer = new AdamW(weights.Parameters, Optimizer);
        return Updater(model, optimizer, section, null).Update([.. Enumerable.Repeat(Batch(Sequences(), 1000), steps)]).Metrics.ToDictionary();
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_loss_that_is_not_finite_changes_nothing(float advantage)
    {
        using var weights = Weights();
        var before = Flat(weights);
        using var model = new DecoderModel(weights);
        using var optimizer = new AdamW(weights.Parameters, Optimizer);
        var updater = Updater(model, optimizer, Loss, reference: null);

        Assert.Throws<NonFiniteException>(() => updater.Update([Batch([Sequences()[0] with { Credit = new(advantage, 0.1f) }], 100)]));

        Assert.Equal(before, Flat(weights));
        Assert.Equal(0, updater.PolicyVersion);
    }

    [Fact]
    public void A_reference_equal_to_the_policy_has_no_divergence_and_no_pull()
    {
        using var weights = Weights();
        using var frozen = weights.Clone(trainable: false);
        using var model = new DecoderModel(weights);
        using var reference = new DecoderModel(frozen);
        using var optimizer = new AdamW(weights.Parameters, Optimizer);
        var section = Loss with { Kl = new KlSection(0.5, KlEstimator.K3, KlPlacement.Loss, Unbiased: false) };

        var first = Updater(model, optimizer, section, reference).Update([Batch(Sequences(), 1000)]);
        var second = Updater(model, optimizer, section, reference).Update([Batch(Sequences(), 1000)]);

        Assert.Equal(0, first.Metrics.Single(m => m.Key == "actor/kl_loss").Value, 1e-6);
        Assert.True(second.Metrics.Single(m => m.Key == "actor/kl_loss").Value > 1e-6);
    }

    [Fact]
    public void Tensors_do_not_accumulate()
    {
        using var weights = Weights();
        using var model = new DecoderModel(weights);
        using var optimizer = new AdamW(weights.Parameters, Optimizer);
        var updater = Updater(model, optimizer, Loss, reference: null);
        updater.Update([Batch(Sequences(), 20)]);
        var before = TorchRuntime.Memory().LiveTensors;

        for (var i = 0; i < 10; i++)
        {
            updater.Update([Batch(Sequences(), 20)]);
        }

        Assert.Equal(before, TorchRuntime.Memory().LiveTensors);
    }

    [Fact]
    public void Optimizer_state_survives_its_file()
    {
        var path = Path.GetTempFileName();
        try
        {
            using var weights = Weights();
            using var model = new DecoderModel(weights);
            using var optimizer = new AdamW(weights.Parameters, Optimizer);
            Updater(model, optimizer, Loss, null).Update([Batch(Sequences(), 1000)]);
            optimizer.Save(path);
            using var copyWeights = weights.Clone(trainable: true);
            using var copyModel = new DecoderModel(copyWeights);
            using var copy = new AdamW(copyWeights.Parameters, Optimizer);
            copy.Load(path);

            Updater(model, optimizer, Loss, null).Update([Batch(Sequences(), 1000)]);
            Updater(copyModel, copy, Loss, null).Update([Batch(Sequences(), 1000)]);

            Assert.Equal(2, copy.Step);
            Assert.Equal(Flat(weights), Flat(copyWeights));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static float[] Updated(List<PackedSequence> sequences, int microBatchTokens, LossSection loss, IPolicyLoss? policy = null, int steps = 1)
    {
        using var weights = Weights();
        using var model = new DecoderModel(weights);
        using var optimizer = new AdamW(weights.Parameters, Optimizer);
        Updater(model, optimizer, loss, reference: null, policy).Update([.. Enumerable.Repeat(Batch(sequences, microBatchTokens), steps)]);
        return Flat(weights);
    }

    private static PolicyUpdater Updater(DecoderModel model, AdamW optimizer, LossSection loss, DecoderModel? reference, IPolicyLoss? policy = null) =>
        new(model, reference, policy ?? new VanillaLoss(Vanilla), loss, optimizer, new LearningRateSchedule(Optimizer, 1), temperature: 0.9);

    private static OptimizerBatch Batch(List<PackedSequence> sequences, int microBatchTokens) =>
        new(new MicroBatchPacker(microBatchTokens).Pack(sequences), sequences.Sum(s => s.ResponseIds.Length), sequences.Count);

    private static List<PackedSequence> Sequences() =>
    [
        new([1, 2, 3], [4, 5, 6, 7], [-2, -2.5f, -2, -3], new(1f, 0.1f)),
        new([3, 1], [7, 6, 2, 1, 0, 5], [-2, -2, -2.2f, -2, -2, -2], new(-0.5f, 0.1f)),
        new([5], [3], [-2.5f], new(2f, 0.1f)),
        new([2, 2, 2, 2], [1, 1, 7], [-1, -3, -2], new(-1.5f, 0.1f)),
    ];

    private static DecoderWeights Weights() => DecoderWeights.Initialize(
        new ModelConfig
        {
            VocabularySize = 8, HiddenSize = 16, Layers = 2, Heads = 2, KeyValueHeads = 1, HeadDim = 8,
            IntermediateSize = 24, MaxPositions = 32, TieWordEmbeddings = true,
        },
        new RandomStreams(5),
        Device.Cpu);

    private static float[] Flat(DecoderWeights weights)
    {
        using var scope = new TensorScope();
        return [.. weights.Parameters.SelectMany(p => p.Tensor.detach().ToArray<float>())];
    }
}
