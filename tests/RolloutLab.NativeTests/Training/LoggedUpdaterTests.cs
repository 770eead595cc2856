using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.NativeTests.Torch;
using RolloutLab.Recipes;
using RolloutLab.Torch;
using RolloutLab.Training;

namespace RolloutLab.NativeTests.Training;

/// <summary>Guard rails of training on a log. The policy's own log-probs are moved so that the importance weights are numbers to compute by hand.</summary>
[Collection(nameof(LiveTensors))]
public sealed class LoggedUpdaterTests : IDisposable
{
    private const double Temperature = 0.9;

    /// <summary>Weights of the tokens of two responses: 2, ½, 1 and 4, 1.</summary>
    private static readonly float[][] Weights = [[2, 0.5f, 1], [4, 1]];

    private readonly DecoderWeights _weights = DecoderWeights.Initialize(
        new ModelConfig
        {
            VocabularySize = 8, HiddenSize = 16, Layers = 2, Heads = 2, KeyValueHeads = 1, HeadDim = 8, IntermediateSize = 24, MaxPositions = 32, TieWordEmbeddings = true,
        },
        new RandomStreams(5),
        Device.Cpu);

    private readonly DecoderModel _model;

    public LoggedUpdaterTests() => _model = new DecoderModel(_weights);

    public void Dispose()
    {
        _model.Dispose();
        _weights.Dispose();
    }

    /// <summary>
    /// By token: 2, ½, 1, 4, 1 with sum 8.5 and squares 22.25. By sequence: 1 and 4. By geometric mean: 1 and 2.
    /// The effective share is (Σw)²/(n·Σw²).
    /// </summary>
    [Theory]
    [InlineData(CorrectionLevel.Token, 8.5 / 5, 4, 8.5 * 8.5 / (5 * 22.25))]
    [InlineData(CorrectionLevel.Sequence, 5 / 2.0, 4, 25 / (2 * 17.0))]
    [InlineData(CorrectionLevel.Geometric, 3 / 2.0, 2, 9 / (2 * 5.0))]
    public void Importance_weights_and_their_effective_share_are_those_computed_by_hand(CorrectionLevel level, double mean, double max, double share)
    {
        foreach (var microBatchTokens in (int[])[1, 1000])
        {
            var metrics = Updater(new Recording(), level, minEffectiveShare: 0).Update([Batch(microBatchTokens, Shifted())]).Metrics.ToDictionary();

            Assert.Equal(mean, metrics["replay/weight/mean"], 1e-4);
            Assert.Equal(max, metrics["replay/weight/max"], 1e-4);
            Assert.Equal(share, metrics["replay/effective_share"], 1e-5);
            Assert.Equal(0, metrics["replay/substituted_tokens"]);
        }
    }

    [Fact]
    public void A_batch_of_several_epochs_is_weighed_once()
    {
        var batch = Batch(1000, Shifted());
        var metrics = Updater(new Recording(), CorrectionLevel.Token, 0).Update([batch, batch, batch]).Metrics.ToDictionary();

        Assert.Equal(8.5 / 5, metrics["replay/weight/mean"], 1e-4);
    }

    [Fact]
    public void Too_small_an_effective_share_is_refused_before_anything_changes()
    {
        // 0.6494 by token.
        var inner = new Recording();
        var refused = Assert.Throws<OffPolicyException>(() => Updater(inner, CorrectionLevel.Token, 0.65).Update([Batch(1000, Shifted())]));

        Assert.Contains("effective share of 0.6494, below replay.min_effective_share = 0.65", refused.Message, StringComparison.Ordinal);
        Assert.Null(inner.Batches);
        Updater(inner, CorrectionLevel.Token, 0.649).Update([Batch(1000, Shifted())]);
        Assert.NotNull(inner.Batches);
    }

    [Fact]
    public void Missing_log_probs_become_the_policys_own_and_known_ones_stay()
    {
        var own = Own();
        var shifted = Shifted();
        shifted[0] = [float.NaN, float.NaN, float.NaN];
        var inner = new Recording();

        var metrics = Updater(inner, CorrectionLevel.Token, 0).Update([Batch(1000, shifted)]).Metrics.ToDictionary();

        var micro = Assert.Single(Assert.Single(inner.Batches!).MicroBatches);
        Assert.Equal([.. own[0], .. shifted[1]], micro.OldLogProbs);
        Assert.Equal([.. own[0], .. own[1]], micro.CurrentLogProbs!);
        Assert.Equal(3, metrics["replay/substituted_tokens"]);
        Assert.Equal((1 + 1 + 1 + 4 + 1) / 5.0, metrics["replay/weight/mean"], 1e-4);
    }

    [Fact]
    public void What_is_known_of_the_policy_is_what_the_update_would_compute_again()
    {
        var section = new LossSection
        {
            Policy = new VanillaLossSection { ClipLow = 0.2, ClipHigh = 0.28, DualClip = 3 }, Aggregation = LossAggregation.TokenMean,
            OldLogProbs = OldLogProbsSource.Recompute, Correction = new CorrectionSection(),
        };
        var optimizer = new OptimizerSection
        {
            LearningRate = 1e-2, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8, WeightDecay = 0.01, MaxGradNorm = 1, Schedule = new ConstantScheduleSection { WarmupSteps = 0 },
        };

        var known = Trained(u => new LoggedUpdater(u.Updater, u.Model, CorrectionLevel.Token, Temperature, 0));
        var computed = Trained(u => u.Updater);
        Assert.Equal(computed, known);

        float[] Trained(Func<(PolicyUpdater Updater, DecoderModel Model), IPolicyUpdater> around)
        {
            using var weights = _weights.Clone(trainable: true);
            using var model = new DecoderModel(weights);
            using var adam = new AdamW(weights.Parameters, optimizer);
            var updater = new PolicyUpdater(model, null, new VanillaLoss((VanillaLossSection)section.Policy), section, adam, new LearningRateSchedule(optimizer, 1), Temperature);
            var batch = Batch(1, Shifted());
            around((updater, model)).Update([batch, batch]);
            using var scope = new TensorScope();
            return [.. weights.Parameters.SelectMany(p => p.Tensor.detach().ToArray<float>())];
        }
    }

    private LoggedUpdater Updater(Recording inner, CorrectionLevel level, double minEffectiveShare) => new(inner, _model, level, Temperature, minEffectiveShare);

    /// <summary>Log-probs of the two responses under the policy.</summary>
    private float[][] Own()
    {
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        var all = _model.Score(Batch(1000, [new float[3], new float[2]]).MicroBatches.Single(), Temperature).LogProbs.ToArray<float>();
        return [all[..3], all[3..]];
    }

    /// <summary>Behaviour log-probs μ = ℓ − ln w.</summary>
    private float[][] Shifted() => [.. Own().Zip(Weights, (own, weights) => own.Zip(weights, (l, w) => l - MathF.Log(w)).ToArray())];

    private static OptimizerBatch Batch(int microBatchTokens, float[][] behaviour)
    {
        List<PackedSequence> sequences = [new([1, 2, 3], [4, 5, 6], behaviour[0], new(1, 0.1f)), new([3, 1], [7, 6], behaviour[1], new(-0.5f, 0.1f))];
        return new(new MicroBatchPacker(microBatchTokens).Pack(sequences), 5, 2);
    }

    /// <summary>Updates nothing and keeps what it was given.</summary>
    private sealed class Recording : IPolicyUpdater
    {
        public IReadOnlyList<OptimizerBatch>? Batches { get; private set; }

        public long PolicyVersion => 0;

        public UpdateReport Update(IReadOnlyList<OptimizerBatch> batches)
        {
            Batches = batches;
            return new UpdateReport([], 0, 0);
        }
    }
}
