using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.NativeTests.Torch;
using RolloutLab.Recipes;
using RolloutLab.Torch;
using RolloutLab.Training;

namespace RolloutLab.NativeTests.Training;

[Collection(nameof(LiveTensors))]
public sealed class AdapterUpdateTests : IDisposable
{
    private static readonly OptimizerSection Optimizer = new()
    {
        LearningRate = 1e-2, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8, WeightDecay = 0.01, MaxGradNorm = 1,
        Schedule = new ConstantScheduleSection { WarmupSteps = 0 },
    };

    private static readonly LossSection Loss = new()
    {
        Policy = new VanillaLossSection { ClipLow = 0.2, ClipHigh = 0.28, DualClip = 3 }, Aggregation = LossAggregation.TokenMean,
    };

    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void An_update_moves_the_adapter_alone_and_keeps_moments_for_it_alone()
    {
        using var policy = new Adapted(dropout: 0);
        var (weights, adapter) = (Flat(policy.Weights.Parameters), Flat(policy.Weights.Trainable));
        var live = TorchRuntime.Memory().LiveTensors;

        policy.Update(Sequences(), 1000, Vanilla());

        Assert.Equal(live + (2 * policy.Weights.Trainable.Count), TorchRuntime.Memory().LiveTensors);
        Assert.Equal(weights, Flat(policy.Weights.Parameters));
        Assert.NotEqual(adapter, Flat(policy.Weights.Trainable));
        policy.Optimizer.Save(_file);
        using var file = SafetensorsFile.Open(_file);
        Assert.Equal(2 * policy.Weights.Trainable.Count, file.Entries.Count);
        Assert.All(file.Entries, e => Assert.Contains(".lora_", e.Name, StringComparison.Ordinal));
    }

    /// <summary>Both passes of an objective that looks at the whole step must drop the same elements.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_dropout_an_update_does_not_depend_on_how_the_batch_is_cut(bool wholeStep)
    {
        var whole = Updated(1000);
        foreach (var microBatchTokens in (int[])[1, 15])
        {
            Assert.All(whole.Zip(Updated(microBatchTokens)), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        }

        Assert.NotEqual(whole, Updated(1000, dropout: 0));

        float[] Updated(int microBatchTokens, double dropout = 0.3)
        {
            using var policy = new Adapted(dropout);
            policy.Update(Sequences(), microBatchTokens, wholeStep ? new GspoLoss(.1, .1) : Vanilla());
            return Flat(policy.Weights.Trainable);
        }
    }

    [Fact]
    public void The_reference_without_the_adapter_has_no_divergence_at_first_and_a_pull_later()
    {
        using var policy = new Adapted(dropout: 0);
        using var reference = policy.Model.WithoutAdapter();
        var section = Loss with { Kl = new KlSection(0.5, KlEstimator.K3, KlPlacement.Loss, Unbiased: false) };

        var first = policy.Update(Sequences(), 1000, Vanilla(), section, reference);
        var second = policy.Update(Sequences(), 1000, Vanilla(), section, reference);

        Assert.Equal(0, first["actor/kl_loss"], 1e-9);
        Assert.True(second["actor/kl_loss"] > 1e-7);
    }

    private static VanillaLoss Vanilla() => new((VanillaLossSection)Loss.Policy);

    private static float[] Flat(IReadOnlyList<NamedParameter> parameters)
    {
        using var scope = new TensorScope();
        return [.. parameters.SelectMany(p => p.Tensor.detach().ToArray<float>())];
    }

    private static List<PackedSequence> Sequences() =>
    [
        new([1, 2, 3], [4, 5, 6, 7], [-2, -2.5f, -2, -3], new(1f, 0.1f)),
        new([3, 1], [7, 6, 2, 1, 0, 5], [-2, -2, -2.2f, -2, -2, -2], new(-0.5f, 0.1f)),
        new([5], [3], [-2.5f], new(2f, 0.1f)),
    ];

    /// <summary>A tiny policy with a new adapter and its optimizer.</summary>
    private sealed class Adapted : IDisposable
    {
        public Adapted(double dropout)
        {
            var config = new ModelConfig
            {
                VocabularySize = 8, HiddenSize = 16, Layers = 2, Heads = 2, KeyValueHeads = 1, HeadDim = 8,
                IntermediateSize = 24, MaxPositions = 32, TieWordEmbeddings = true,
            };
            Weights = DecoderWeights.Initialize(config, new RandomStreams(5), Device.Cpu);
            var options = new LoraOptions { Rank = 4, Alpha = 8, Dropout = dropout, Targets = LoraOptions.AllTargets };
            Weights.Attach(LoraAdapter.Initialize(config, options, new RandomStreams(5), Device.Cpu));
            Model = new DecoderModel(Weights);
            Optimizer = new AdamW(Weights.Trainable, AdapterUpdateTests.Optimizer);

            // With B at zero what is dropped before A would not show in the first step's scores.
            foreach (var (parameter, i) in Weights.Trainable.Select((p, i) => (p, i)))
            {
                var stream = new RandomStreams(6).Stream(StreamPurpose.DatasetGeneration, prompt: i);
                if (dropout > 0 || parameter.Name.Contains("lora_A", StringComparison.Ordinal))
                {
                    parameter.Tensor.CopyFrom<float>([.. Enumerable.Range(0, (int)parameter.Tensor.numel()).Select(j => 0.3f * (float)stream.Normal(j))]);
                }
            }
        }

        public DecoderWeights Weights { get; }

        public DecoderModel Model { get; }

        public AdamW Optimizer { get; }

        public Dictionary<string, double> Update(
            List<PackedSequence> sequences, int microBatchTokens, IPolicyLoss loss, LossSection? section = null, DecoderModel? reference = null)
        {
            var batch = new OptimizerBatch(new MicroBatchPacker(microBatchTokens).Pack(sequences), sequences.Sum(s => s.ResponseIds.Length), sequences.Count);
            var updater = new PolicyUpdater(Model, reference, loss, section ?? Loss, Optimizer, new LearningRateSchedule(AdapterUpdateTests.Optimizer, 1), temperature: 0.9);
            return updater.Update([batch]).Metrics.ToDictionary();
        }

        public void Dispose()
        {
            Optimizer.Dispose();
            Model.Dispose();
            Weights.Dispose();
        }
    }
}
