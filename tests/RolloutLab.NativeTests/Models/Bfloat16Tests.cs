using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

/// <summary>Bfloat16 weights against the same model whose float32 weights were rounded by hand, and against unrounded ones.</summary>
public class Bfloat16Tests
{
    private static readonly int[] Lengths = [7, 12, 3];

    /// <summary>What is rounded is exactly the weights: with weights that bfloat16 holds, everything is as in float32.</summary>
    [Theory]
    [MemberData(nameof(TestModels.Variants), MemberType = typeof(TestModels))]
    public void Scores_and_gradients_are_those_of_rounded_float32_weights(ModelFamily family, bool tied, bool bias)
    {
        var config = TestModels.Config(family, tied, bias);

        var rounded = Run(config, WeightPrecision.Float32, byHand: true);
        var bfloat16 = Run(config, WeightPrecision.Bfloat16, byHand: false);

        AssertClose(rounded.Scores, bfloat16.Scores, 2e-5);
        Assert.All(rounded.Gradients, pair => AssertClose(pair.Value, bfloat16.Gradients[pair.Key], 2e-5));
    }

    /// <summary>Matrices with the standard deviation 0.02 that models begin with; all parameters together.</summary>
    [Theory]
    [MemberData(nameof(TestModels.Variants), MemberType = typeof(TestModels))]
    public void Scores_and_gradients_are_within_a_hundredth_of_float32(ModelFamily family, bool tied, bool bias)
    {
        var config = TestModels.Config(family, tied, bias) with { HiddenSize = 96, HeadDim = 24, IntermediateSize = 160 };

        var float32 = Run(config, WeightPrecision.Float32, byHand: false, spread: 0.05f);
        var bfloat16 = Run(config, WeightPrecision.Bfloat16, byHand: false, spread: 0.05f);

        Assert.InRange(RelativeError(float32.Scores, bfloat16.Scores), 1e-6, 1e-2);
        Assert.InRange(RelativeError(Flat(float32.Gradients), Flat(bfloat16.Gradients)), 1e-6, 1e-2);
    }

    /// <summary>A frozen model is kept as bfloat16; the trained one rounds where it computes: the same bits.</summary>
    [Fact]
    public void A_frozen_model_scores_as_the_trained_one()
    {
        using var weights = Weights(TestModels.Config(ModelFamily.Qwen3, tied: true, bias: true), WeightPrecision.Bfloat16, 1);
        using var frozen = weights.Clone(trainable: false);
        using var trained = new DecoderModel(weights);
        using var reference = new DecoderModel(frozen);

        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        Assert.All(frozen.Parameters, p => Assert.Equal(ScalarType.BFloat16, p.Tensor.dtype));
        Assert.All(weights.Parameters, p => Assert.Equal(ScalarType.Float32, p.Tensor.dtype));
        Assert.Equal(trained.Score(Batch()).LogProbs.ToArray<float>(), reference.Score(Batch()).LogProbs.ToArray<float>());
    }

    [Theory]
    [MemberData(nameof(TestModels.Variants), MemberType = typeof(TestModels))]
    public void Checkpointed_layers_give_the_same_bits(ModelFamily family, bool tied, bool bias)
    {
        var config = TestModels.Config(family, tied, bias);
        var whole = Run(config, WeightPrecision.Bfloat16, byHand: false);
        var layers = Run(config, WeightPrecision.Bfloat16, byHand: false, checkpointed: true);
        Assert.Equal(whole.Scores, layers.Scores);
        Assert.All(whole.Gradients, pair => Assert.Equal(pair.Value, layers.Gradients[pair.Key]));
    }

    /// <summary>1 + 2⁻⁸ and 1 + 3·2⁻⁸ lie half way between neighbours: each goes to the even one.</summary>
    [Fact]
    public void Rounding_is_to_the_nearest_and_to_even()
    {
        using var scope = new TensorScope();
        var x = torch.tensor<float>([1f, 1.00390625f, 1.01171875f, 1.004f, -3.3f]).requires_grad_();
        var rounded = fused.round_bfloat16(x);
        rounded.backward(torch.tensor<float>([1, 2, 3, 4, 5]));
        Assert.Equal([1f, 1f, 1.015625f, 1.0078125f, -3.296875f], rounded.detach().ToArray<float>());
        Assert.Equal([1f, 2f, 3f, 4f, 5f], x.grad()!.ToArray<float>());
    }

    [Fact]
    public void A_packed_copy_is_half_as_large_and_multiplies_rounded_values()
    {
        using var scope = new TensorScope();
        var stream = new RandomStreams(4).Stream(StreamPurpose.DatasetGeneration);
        var weight = torch.tensor<float>([.. Enumerable.Range(0, 70 * 33).Select(i => (float)stream.Normal(i))]).reshape(70, 33);
        var x = torch.tensor<float>([.. Enumerable.Range(0, 9 * 33).Select(i => (float)stream.Normal(5000 + i))]).reshape(9, 33);

        var packed = fused.pack_linear(weight, rounded: true);

        Assert.Equal(ScalarType.BFloat16, packed.dtype);
        var whole = fused.packed_linear(x, fused.pack_linear(fused.round_bfloat16(weight)), 70);
        Assert.Equal(whole.ToArray<float>(), fused.packed_linear(x, packed, 70).ToArray<float>());
    }

    /// <summary>3,000 ids and 4,500 rows are more than one chunk of the vocabulary; 2,991 of them are not padding.</summary>
    [Fact]
    public void A_large_vocabulary_is_scored_by_part()
    {
        const int Rows = 4500, Ids = 3000, Vocabulary = 2991, Width = 8;
        using var scope = new TensorScope();
        var stream = new RandomStreams(5).Stream(StreamPurpose.DatasetGeneration);
        var values = Enumerable.Range(0, (Rows + Ids) * Width).Select(i => (float)stream.Normal(i)).ToArray();
        var targets = Enumerable.Range(0, Rows).Select(i => (long)stream.Below(100_000 + i, Vocabulary)).ToArray();

        (float[] Scores, float[] Hidden, float[] Weight) Of(bool rounded)
        {
            var hidden = torch.tensor<float>(values.AsSpan(0, Rows * Width)).reshape(Rows, Width).requires_grad_();
            var master = torch.tensor<float>(values.AsSpan(Rows * Width)).reshape(Ids, Width).requires_grad_();
            var (logProbs, entropy) = fused.token_log_probs(hidden, rounded ? master : fused.round_bfloat16(master), targets, 0.8, Vocabulary, rounded);
            torch.backward([logProbs, entropy], [torch.ones([Rows]), torch.full([Rows], 0.3)]);
            return ([.. logProbs.detach().ToArray<float>(), .. entropy.detach().ToArray<float>()], hidden.grad()!.ToArray<float>(), master.grad()!.ToArray<float>());
        }

        var (whole, parts) = (Of(rounded: false), Of(rounded: true));
        AssertClose(whole.Scores, parts.Scores, 2e-5);
        AssertClose(whole.Hidden, parts.Hidden, 2e-5);
        AssertClose(whole.Weight, parts.Weight, 1e-4);
    }

    private static (float[] Scores, Dictionary<string, float[]> Gradients) Run(
        ModelConfig config, WeightPrecision precision, bool byHand, float spread = 1, bool checkpointed = false)
    {
        using var weights = Weights(config, precision, spread);
        using var scope = new TensorScope();
        if (byHand)
        {
            foreach (var parameter in weights.Parameters)
            {
                using var noGrad = torch.no_grad();
                parameter.Tensor.copy_(fused.round_bfloat16(parameter.Tensor));
            }
        }

        using var model = new DecoderModel(weights) { GradientCheckpointing = checkpointed };
        var scores = model.Score(Batch(), temperature: 0.9);
        var pull = torch.tensor<float>([.. Enumerable.Range(0, Batch().LossCount).Select(i => (i % 3) + 1f)]);
        scores.Backward(pull, pull * 0.1);
        float[] all = [.. scores.LogProbs.detach().ToArray<float>(), .. scores.Entropy.detach().ToArray<float>()];
        return (all, weights.Parameters.ToDictionary(p => p.Name, p => p.Tensor.grad()!.ToArray<float>()));
    }

    private static DecoderWeights Weights(ModelConfig config, WeightPrecision precision, float spread)
    {
        var weights = DecoderWeights.Initialize(config, new RandomStreams(1), Device.Cpu, precision);
        using var source = TestModels.Weights(config);
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        for (var i = 0; i < weights.Parameters.Count; i++)
        {
            var isMatrix = weights.Parameters[i].Decay;
            weights.Parameters[i].Tensor.copy_(isMatrix ? source.Parameters[i].Tensor * spread : source.Parameters[i].Tensor);
        }

        return weights;
    }

    private static MicroBatch Batch() => TestModels.Pack([.. Lengths.Select(n => TestModels.Tokens(n, 29, n))]);

    private static float[] Flat(Dictionary<string, float[]> gradients) => [.. gradients.Values.SelectMany(values => values)];

    private static double RelativeError(float[] expected, float[] actual) =>
        Math.Sqrt(expected.Zip(actual).Sum(p => Math.Pow(p.First - p.Second, 2)) / expected.Sum(x => (double)x * x));

    private static void AssertClose(float[] expected, float[] actual, double tolerance)
    {
        var scale = Math.Max(1, expected.Max(Math.Abs));
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance * scale));
    }
}
