using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.NativeTests.Torch;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

/// <summary>The count of live tensors is the whole process's, so these run with no other test beside them.</summary>
[Collection(nameof(LiveTensors))]
public class ModelLifetimeTests
{
    private static readonly ModelConfig Config = TestModels.Config(ModelFamily.Qwen3, tied: false, bias: true);

    [Fact]
    public void Owners_free_all_they_hold()
    {
        var before = Live();
        using (var weights = TestModels.Weights(Config))
        using (var clone = weights.Clone(trainable: false))
        using (var model = new DecoderModel(clone))
        using (new PagedModelRunner(model, new KvCacheSize(8, 4)))
        {
            Assert.True(Live() > before);
        }

        Assert.Equal(before, Live());
    }

    [Fact]
    public void A_load_that_fails_half_way_frees_what_it_made()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("weights");
        using (var weights = TestModels.Weights(Config))
        {
            weights.Save(path);
        }

        // The last tensor of the layout turns into integers of the same size and shape.
        var bytes = File.ReadAllBytes(path);
        var name = System.Text.Encoding.ASCII.GetBytes("\"lm_head.weight\":{\"dtype\":\"F32\"");
        var at = bytes.AsSpan().IndexOf(name);
        Assert.True(at > 0);
        bytes[at + name.Length - 4] = (byte)'I';
        File.WriteAllBytes(path, bytes);

        var before = Live();
        Assert.Throws<CheckpointException>(() => DecoderWeights.Load(Config, path, Device.Cpu));
        Assert.Equal(before, Live());
    }

    [Fact]
    public void Training_steps_leave_nothing_behind()
    {
        using var weights = TestModels.Weights(Config);
        using var model = new DecoderModel(weights);
        var before = Live();
        for (var i = 0; i < 3; i++)
        {
            using var scope = new TensorScope();
            model.Score(TestModels.Pack(TestModels.Tokens(9, 29, i), TestModels.Tokens(4, 29, i))).LogProbs.sum().backward();
        }

        Assert.Equal(before, Live());
    }

    [Fact]
    public void Decoding_steps_leave_nothing_behind_and_grad_mode_as_it_was()
    {
        using var weights = TestModels.Weights(Config);
        using var model = new DecoderModel(weights);
        using var runner = new PagedModelRunner(model, new KvCacheSize(8, 16));
        var harness = new PagedHarness(runner, new DenseDecoder(weights));
        var prompt = harness.Add(TestModels.Tokens(9, 29, 3));
        var before = Live();
        harness.Step((prompt, 4, 0));
        harness.Step((prompt, 5, 2));
        var forks = harness.Fork(prompt, 2);
        harness.Step((forks[0], 1, 1), (forks[1], 1, 1));
        Assert.Equal(before, Live());
        Assert.True(torch.is_grad_enabled());
    }

    private static long Live() => TorchRuntime.Memory().LiveTensors;
}
