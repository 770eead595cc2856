using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.NativeTests.Torch;
using RolloutLab.Recipes;
using RolloutLab.Torch;
using RolloutLab.Training;

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

    /// <summary>A reference policy takes no table of its own, which at 131,072 positions would be 64 MiB, and frees none that is lent.</summary>
    [Fact]
    public void Models_of_one_configuration_share_a_rotary_table()
    {
        using var weights = TestModels.Weights(Config);
        using var model = new DecoderModel(weights);
        using var other = weights.Clone(trainable: false);
        var batch = TestModels.Pack(TestModels.Tokens(9, 29, 1));
        var before = Live();
        using (var reference = model.WithWeights(other))
        {
            Assert.Equal(before, Live());
            using var scope = new TensorScope();
            Assert.Equal(model.Score(batch).LogProbs.ToArray<float>(), reference.Score(batch).LogProbs.ToArray<float>());
        }

        Assert.Equal(before, Live());
        using var elsewhere = TestModels.Weights(Config with { MaxPositions = 9 });
        Assert.Throws<ArgumentException>(() => model.WithWeights(elsewhere));
    }

    /// <summary>An optimizer that waits for a warm-up to end takes nothing; what it then saves is read back through a buffer smaller than a tensor.</summary>
    [Fact]
    public void Moments_are_made_at_the_first_step_and_survive_a_checkpoint()
    {
        using var folder = new TemporaryFolder();
        using var owner = new TensorOwner();
        using var scope = new TensorScope();
        var section = new OptimizerSection { LearningRate = 0.1, Beta1 = 0.9, Beta2 = 0.99, Epsilon = 1e-8, WeightDecay = 0, MaxGradNorm = 1, Schedule = new ConstantScheduleSection { WarmupSteps = 0 } };
        var large = owner.Take(torch.zeros([3, 700_001]));
        large.requires_grad = true;
        var before = Live();
        using var optimizer = new AdamW([new NamedParameter("large", large, Decay: true)], section);
        Assert.Equal(before, Live());
        (large * torch.tensor<float>([.. Enumerable.Range(0, 700_001).Select(i => (float)i)])).sum().backward();
        optimizer.Apply(0.1);
        Assert.True(Live() >= before + 2);

        optimizer.Save(folder.File("a"));
        using var copy = new AdamW([new NamedParameter("large", large, Decay: true)], section);
        copy.Load(folder.File("a"));
        copy.Save(folder.File("b"));
        Assert.Equal(1, copy.Step);
        Assert.Equal(File.ReadAllBytes(folder.File("a")), File.ReadAllBytes(folder.File("b")));
        using var file = SafetensorsFile.Open(folder.File("b"));
        var entry = file.Entries.Single(e => e.Name == "exp_avg.large");
        var values = new float[3 * 700_001];
        file.ReadFloat32(entry, 0, values);
        Assert.Equal(values[700_001], values[0]);
        Assert.True(values[^1] > values[^2] && values[^2] > 0);
        Assert.Equal(values.AsSpan(0, 700_001).ToArray(), values.AsSpan(1_400_002).ToArray());
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
