using System.Runtime.InteropServices;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

public sealed class DecoderWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(TestModels.Variants), MemberType = typeof(TestModels))]
    public void Saving_what_was_loaded_repeats_the_file(ModelFamily family, bool tied, bool bias)
    {
        var config = TestModels.Config(family, tied, bias);
        var (first, second) = (_folder.File("first"), _folder.File("second"));
        using (var weights = TestModels.Weights(config))
        {
            weights.Save(first);
        }

        using (var weights = DecoderWeights.Load(config, first, Device.Cpu))
        {
            weights.Save(second);
        }

        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
    }

    /// <summary>Element i of a matrix is draw i of its stream, though more elements than a buffer holds are made in parts.</summary>
    [Fact]
    public void Initial_values_do_not_depend_on_the_size_of_the_buffer()
    {
        var config = TestModels.Config(ModelFamily.Qwen3, tied: true, bias: false) with { VocabularySize = 120_001 };
        using var weights = DecoderWeights.Initialize(config, new RandomStreams(7), Device.Cpu);
        var values = weights.Parameters[0].Tensor.ToArray<float>();
        var stream = new RandomStreams(7).Stream(StreamPurpose.WeightInitialization, prompt: 0);
        Assert.True(values.Length > 1 << 20);
        Assert.All(new[] { 0, 16_384, (1 << 20) - 1, 1 << 20, values.Length - 1 }, i => Assert.Equal((float)(0.02 * stream.Normal(i)), values[i]));
    }

    [Fact]
    public void Names_and_shapes_on_disk_are_those_of_hugging_face()
    {
        var path = _folder.File("w");
        using (var weights = TestModels.Weights(TestModels.Config(ModelFamily.Qwen3, tied: false, bias: true) with { Layers = 1 }))
        {
            weights.Save(path);
        }

        using var file = SafetensorsFile.Open(path);
        string[] expected =
        [
            "lm_head.weight 29,12",
            "model.embed_tokens.weight 29,12",
            "model.layers.0.input_layernorm.weight 12",
            "model.layers.0.mlp.down_proj.weight 12,20",
            "model.layers.0.mlp.gate_proj.weight 20,12",
            "model.layers.0.mlp.up_proj.weight 20,12",
            "model.layers.0.post_attention_layernorm.weight 12",
            "model.layers.0.self_attn.k_norm.weight 6",
            "model.layers.0.self_attn.k_proj.bias 12",
            "model.layers.0.self_attn.k_proj.weight 12,12",
            "model.layers.0.self_attn.o_proj.bias 12",
            "model.layers.0.self_attn.o_proj.weight 12,24",
            "model.layers.0.self_attn.q_norm.weight 6",
            "model.layers.0.self_attn.q_proj.bias 24",
            "model.layers.0.self_attn.q_proj.weight 24,12",
            "model.layers.0.self_attn.v_proj.bias 12",
            "model.layers.0.self_attn.v_proj.weight 12,12",
            "model.norm.weight 12",
        ];
        Assert.Equal(expected, file.Entries.Select(entry => $"{entry.Name} {string.Join(',', entry.Shape)}"));
        Assert.Equal("pt", file.Metadata["format"]);
    }

    [Fact]
    public void Fused_parameters_hold_their_parts_in_order()
    {
        var config = TestModels.Config(ModelFamily.Qwen2, tied: true, bias: true);
        var path = _folder.File("w");
        using var weights = TestModels.Weights(config);
        weights.Save(path);
        using var file = SafetensorsFile.Open(path);
        float[] Read(params string[] names) => [.. names.SelectMany(name =>
        {
            var entry = file.Find(name)!;
            var values = new float[entry.ElementCount];
            file.ReadFloat32(entry, 0, values);
            return values;
        })];
        float[] Memory(string name) => weights.Parameters.Single(parameter => parameter.Name == name).Tensor.ToArray<float>();

        const string Layer = "model.layers.1.";
        Assert.Equal(
            Read(Layer + "self_attn.q_proj.weight", Layer + "self_attn.k_proj.weight", Layer + "self_attn.v_proj.weight"),
            Memory(Layer + "self_attn.qkv_proj.weight"));
        Assert.Equal(
            Read(Layer + "self_attn.q_proj.bias", Layer + "self_attn.k_proj.bias", Layer + "self_attn.v_proj.bias"),
            Memory(Layer + "self_attn.qkv_proj.bias"));
        Assert.Equal(Read(Layer + "mlp.gate_proj.weight", Layer + "mlp.up_proj.weight"), Memory(Layer + "mlp.gate_up_proj.weight"));
    }

    [Fact]
    public void Parameters_have_one_order_and_only_matrices_decay()
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Qwen3, tied: false, bias: true) with { Layers = 1 });
        string[] expected =
        [
            "model.embed_tokens.weight +", "model.layers.0.input_layernorm.weight -", "model.layers.0.self_attn.qkv_proj.weight +",
            "model.layers.0.self_attn.qkv_proj.bias -", "model.layers.0.self_attn.q_norm.weight -",
            "model.layers.0.self_attn.k_norm.weight -",
            "model.layers.0.self_attn.o_proj.weight +", "model.layers.0.self_attn.o_proj.bias -",
            "model.layers.0.post_attention_layernorm.weight -", "model.layers.0.mlp.gate_up_proj.weight +",
            "model.layers.0.mlp.down_proj.weight +", "model.norm.weight -", "lm_head.weight +",
        ];
        Assert.Equal(expected, weights.Parameters.Select(parameter => $"{parameter.Name} {(parameter.Decay ? '+' : '-')}"));
        Assert.Equal(weights.Parameters.Sum(parameter => parameter.Tensor.numel()), weights.ParameterCount);
        Assert.All(weights.Parameters, parameter => Assert.True(parameter.Tensor.requires_grad));
    }

    [Fact]
    public void Initial_values_have_the_documented_spread_and_follow_the_seed_alone()
    {
        var tiny = TestModels.Config(ModelFamily.Qwen2, tied: true, bias: true);
        var config = tiny with { HiddenSize = 64, Layers = 8, IntermediateSize = 128 };
        using var weights = DecoderWeights.Initialize(config, new RandomStreams(5), Device.Cpu);
        using var again = DecoderWeights.Initialize(config, new RandomStreams(5), Device.Cpu);
        using var other = DecoderWeights.Initialize(config, new RandomStreams(6), Device.Cpu);
        float[] Values(DecoderWeights of, string name) => of.Parameters.Single(parameter => parameter.Name == name).Tensor.ToArray<float>();

        const string GateUp = "model.layers.3.mlp.gate_up_proj.weight";
        Assert.InRange(Deviation(Values(weights, GateUp)), 0.0195, 0.0205);
        Assert.InRange(Deviation(Values(weights, "model.layers.3.mlp.down_proj.weight")), 0.0048, 0.0052);
        Assert.InRange(Deviation(Values(weights, "model.layers.3.self_attn.o_proj.weight")), 0.0046, 0.0054);
        Assert.All(Values(weights, "model.norm.weight"), value => Assert.Equal(1f, value));
        Assert.All(Values(weights, "model.layers.3.self_attn.qkv_proj.bias"), value => Assert.Equal(0f, value));
        Assert.Equal(Values(weights, GateUp), Values(again, GateUp));
        Assert.NotEqual(Values(weights, GateUp), Values(other, GateUp));
        Assert.NotEqual(Values(weights, GateUp), Values(weights, "model.layers.4.mlp.gate_up_proj.weight"));
    }

    [Fact]
    public void A_clone_has_its_own_memory()
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: true, bias: false));
        using var clone = weights.Clone(trainable: false);
        var before = clone.Parameters[0].Tensor.ToArray<float>();
        Assert.Equal(weights.Parameters[0].Tensor.ToArray<float>(), before);
        Assert.False(clone.Parameters[0].Tensor.requires_grad);

        weights.Parameters[0].Tensor.CopyFrom<float>(new float[before.Length]);
        Assert.Equal(before, clone.Parameters[0].Tensor.ToArray<float>());
        weights.CopyFrom(clone);
        Assert.Equal(before, weights.Parameters[0].Tensor.ToArray<float>());
        Assert.True(weights.Parameters[0].Tensor.requires_grad);
    }

    [Fact]
    public void Narrow_files_load_into_float32()
    {
        var config = TestModels.Config(ModelFamily.Llama, tied: true, bias: false) with { Layers = 1 };
        var (wide, narrow) = (_folder.File("wide"), _folder.File("narrow"));
        using (var weights = TestModels.Weights(config))
        {
            weights.Save(wide);
        }

        Rewrite(wide, narrow, (entry, values) => new SafetensorsSource(entry.Name, SafetensorsType.BF16, entry.Shape, stream =>
        {
            foreach (var value in values)
            {
                stream.Write(BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)));
            }
        }));
        using var loaded = DecoderWeights.Load(config, narrow, Device.Cpu);
        using var original = DecoderWeights.Load(config, wide, Device.Cpu);
        var expected = original.Parameters[2].Tensor.ToArray<float>();
        const uint UpperHalf = 0xffff0000;
        var truncated = Array.ConvertAll(
            expected, value => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & UpperHalf));
        Assert.Equal(truncated, loaded.Parameters[2].Tensor.ToArray<float>());
    }

    [Fact]
    public void A_file_of_another_shape_is_refused_by_tensor()
    {
        var config = TestModels.Config(ModelFamily.Llama, tied: false, bias: false);
        var path = _folder.File("w");
        using (var weights = TestModels.Weights(config))
        {
            weights.Save(path);
        }

        AssertRefused(config with { VocabularySize = 30 }, path, "model.embed_tokens.weight: shape [29, 12], but config.json asks for [30, 12]");
        AssertRefused(config with { KeyValueHeads = 4 }, path, "model.layers.0.self_attn.k_proj.weight: shape [12, 12], but config.json asks for [24, 12]");
        AssertRefused(config with { Layers = 3 }, path, "model.layers.2.input_layernorm.weight: missing");
        AssertRefused(config with { Layers = 1 }, path, "model.layers.1.input_layernorm.weight: extra");
        AssertRefused(config with { TieWordEmbeddings = true }, path, "lm_head.weight: differs from model.embed_tokens.weight");
        AssertRefused(config with { AttentionBias = true }, path, "model.layers.0.self_attn.q_proj.bias: missing");
        AssertRefused(config with { Family = ModelFamily.Qwen3 }, path, "model.layers.0.self_attn.q_norm.weight: missing");
    }

    [Fact]
    public void Rotary_frequencies_of_old_exports_are_passed_over()
    {
        var config = TestModels.Config(ModelFamily.Llama, tied: true, bias: false) with { Layers = 1 };
        var (plain, old) = (_folder.File("plain"), _folder.File("old"));
        using (var weights = TestModels.Weights(config))
        {
            weights.Save(plain);
        }

        const string Name = "model.layers.0.self_attn.rotary_emb.inv_freq";
        Rewrite(plain, old, Float, new SafetensorsSource(Name, SafetensorsType.F32, [1], stream => stream.Write(new byte[4])));
        DecoderWeights.Load(config, old, Device.Cpu).Dispose();
    }

    [Fact]
    public void Integers_for_weights_are_refused()
    {
        var config = TestModels.Config(ModelFamily.Llama, tied: true, bias: false) with { Layers = 1 };
        var (plain, hostile) = (_folder.File("plain"), _folder.File("hostile"));
        using (var weights = TestModels.Weights(config))
        {
            weights.Save(plain);
        }

        Rewrite(plain, hostile, (entry, values) => entry.Name == "model.norm.weight"
            ? new SafetensorsSource(entry.Name, SafetensorsType.I32, entry.Shape, stream => stream.Write(new byte[4 * values.Length]))
            : Float(entry, values));
        AssertRefused(config, hostile, "model.norm.weight: dtype I32 cannot be loaded as weights");
    }

    [Fact]
    public void A_configuration_with_a_problem_is_the_callers_bug()
    {
        var config = TestModels.Config(ModelFamily.Llama, tied: true, bias: false) with { HeadDim = 5 };
        var error = Assert.Throws<ArgumentException>(() => DecoderWeights.Initialize(config, new RandomStreams(1), Device.Cpu));
        Assert.Contains("head_dim: 5 is odd", error.Message, StringComparison.Ordinal);
    }

    private static void AssertRefused(ModelConfig config, string path, string reason)
    {
        var error = Assert.Throws<CheckpointException>(() => DecoderWeights.Load(config, path, Device.Cpu));
        Assert.StartsWith($"{path}: {reason}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static void Rewrite(
        string from, string to, Func<SafetensorsEntry, float[], SafetensorsSource> map, params SafetensorsSource[] more)
    {
        using var file = SafetensorsFile.Open(from);
        SafetensorsWriter.Write(to, [.. more, .. file.Entries.Select(entry =>
        {
            var values = new float[entry.ElementCount];
            file.ReadFloat32(entry, 0, values);
            return map(entry, values);
        })]);
    }

    private static SafetensorsSource Float(SafetensorsEntry entry, float[] values) =>
        new(entry.Name, SafetensorsType.F32, entry.Shape, stream => stream.Write(MemoryMarshal.AsBytes(values.AsSpan())));

    private static double Deviation(float[] values) => Math.Sqrt(values.Average(value => (double)value * value));
}
