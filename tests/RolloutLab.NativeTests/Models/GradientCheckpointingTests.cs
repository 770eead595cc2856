using RolloutLab.Models;
using RolloutLab.NativeTests.Torch;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

/// <summary>Alone, because one test counts the live tensors of the whole process.</summary>
[Collection(nameof(LiveTensors))]
public class GradientCheckpointingTests
{
    private static readonly int[] Lengths = [7, 1, 12, 3];

    /// <summary>Two micro-batches, so that gradients are added to earlier ones; log-probs and entropy both pull.</summary>
    [Theory]
    [MemberData(nameof(TestModels.Variants), MemberType = typeof(TestModels))]
    public void Gradients_are_those_of_the_whole_graph_bit_for_bit(ModelFamily family, bool tied, bool bias)
    {
        var config = TestModels.Config(family, tied, bias);

        var (whole, wholeScores) = Gradients(config, checkpointed: false);
        var (layers, layerScores) = Gradients(config, checkpointed: true);

        Assert.Equal(wholeScores, layerScores);
        Assert.Equal(whole.Keys, layers.Keys);
        Assert.All(whole.Keys, name => Assert.Equal(whole[name], layers[name]));
        Assert.All(whole.Values, gradient => Assert.Contains(gradient, g => g != 0));
    }

    [Fact]
    public void A_shared_prefix_and_frozen_embeddings_change_nothing()
    {
        var config = TestModels.Config(ModelFamily.Qwen3, tied: true, bias: true);
        var batch = TestModels.Pack([1, 2, 3, 4], [5, 6]) with { PrefixLengths = [0, 3], PositionIds = [0, 1, 2, 3, 3, 4], LossTokens = [2, 3, 4, 5] };

        float[][] Frozen(bool checkpointed)
        {
            using var weights = TestModels.Weights(config);
            using var model = new DecoderModel(weights) { GradientCheckpointing = checkpointed };
            weights.Parameters[0].Tensor.requires_grad = false;
            using var scope = new TensorScope();
            model.Score(batch).Backward(torch.tensor<float>([1, -2, 0.5f, 3]));
            return [.. weights.Parameters.Select(p => p.Tensor.grad()?.ToArray<float>() ?? [])];
        }

        var (whole, layers) = (Frozen(false), Frozen(true));
        Assert.Equal(whole, layers);
        Assert.Empty(layers[0]);
        Assert.NotEmpty(layers[1]);
    }

    [Fact]
    public void Nothing_is_left_behind_whether_differentiated_or_not()
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: true, bias: false));
        using var model = new DecoderModel(weights) { GradientCheckpointing = true };
        var before = TorchRuntime.Memory().LiveTensors;
        for (var i = 0; i < 4; i++)
        {
            using var scope = new TensorScope();
            var scores = model.Score(TestModels.Pack(TestModels.Tokens(9, 29, i), TestModels.Tokens(4, 29, i)));
            if (i % 2 == 0)
            {
                scores.Backward(torch.ones(scores.LogProbs.shape));
            }
        }

        Assert.Equal(before, TorchRuntime.Memory().LiveTensors);
    }

    private static (Dictionary<string, float[]> Gradients, float[] Scores) Gradients(ModelConfig config, bool checkpointed)
    {
        using var weights = TestModels.Weights(config);
        using var model = new DecoderModel(weights) { GradientCheckpointing = checkpointed };
        var all = new List<float>();
        foreach (var seed in (long[])[1, 2])
        {
            using var scope = new TensorScope();
            var batch = TestModels.Pack([.. Lengths.Select(n => TestModels.Tokens(n, config.VocabularySize, seed * n))]);
            var scores = model.Score(batch, temperature: 0.7);
            all.AddRange(scores.LogProbs.detach().ToArray<float>());
            all.AddRange(scores.Entropy.detach().ToArray<float>());
            var pull = torch.tensor<float>([.. Enumerable.Range(0, batch.LossCount).Select(i => (i % 5) - 1.7f)]);
            scores.Backward(pull, pull * 0.1);
        }

        using var gradients = new TensorScope();
        return (weights.Parameters.ToDictionary(p => p.Name, p => p.Tensor.grad()!.ToArray<float>()), [.. all]);
    }
}
