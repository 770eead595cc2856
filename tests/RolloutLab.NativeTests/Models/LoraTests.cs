using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

public sealed class LoraTests : IDisposable
{
    private static readonly ModelConfig Config = TestModels.Config(ModelFamily.Qwen3, tied: true, bias: true);

    private static readonly LoraOptions Options = new() { Rank = 3, Alpha = 6, Targets = ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"] };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string[]> Targets => [["q_proj"], ["k_proj"], ["v_proj", "gate_proj"], ["layers.1.mlp.up_proj"], [.. LoraOptions.AllTargets]];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_adapter_changes_nothing_and_alone_is_trained()
    {
        using var plain = TestModels.Weights(Config);
        using var weights = TestModels.Weights(Config);
        weights.Attach(LoraAdapter.Initialize(Config, Options, new RandomStreams(1), Device.Cpu));
        using var before = new DecoderModel(plain);
        using var after = new DecoderModel(weights);
        var batch = TestModels.Pack(TestModels.Tokens(9, 29, 1), TestModels.Tokens(5, 29, 2));

        using var scope = new TensorScope();
        var scores = after.Score(batch).LogProbs;
        Assert.Equal(before.Score(batch).LogProbs.detach().ToArray<float>(), scores.detach().ToArray<float>());
        scores.sum().backward();
        Assert.All(weights.Parameters, p => Assert.Null(p.Tensor.grad()));
        Assert.All(weights.Trainable, p => Assert.NotNull(p.Tensor.grad()));
        Assert.Equal(2 * 2 * 5, weights.Trainable.Count);
        Assert.Equal("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", weights.Trainable[0].Name);

        // PEFT: A is kaiming_uniform(a = √5), whose bound is 1/√K; B is zero.
        var a = weights.Trainable[0].Tensor.detach().ToArray<float>();
        Assert.All(a, x => Assert.InRange(Math.Abs(x), 0, 1 / Math.Sqrt(12)));
        Assert.True(a.Max() > 0.7 / Math.Sqrt(12) && a.Min() < -0.7 / Math.Sqrt(12));
        Assert.All(weights.Trainable.Where(p => p.Name.Contains("lora_B", StringComparison.Ordinal)), p => Assert.All(p.Tensor.detach().ToArray<float>(), x => Assert.Equal(0, x)));
    }

    /// <summary>The reference is the dense decoder on W + s·B A, multiplied out here.</summary>
    [Theory]
    [MemberData(nameof(Targets))]
    public void Trainer_and_engine_compute_base_plus_update(string[] targets)
    {
        using var weights = Adapted(Options with { Targets = targets });
        using var model = new DecoderModel(weights);
        var dense = Merged(weights);
        int[][] sequences = [TestModels.Tokens(9, 29, 1), TestModels.Tokens(5, 29, 2)];

        using (var scope = new TensorScope())
        {
            using var noGrad = torch.no_grad();
            var scores = model.Score(TestModels.Pack(sequences)).LogProbs.ToArray<float>();
            var expected = sequences.SelectMany(s => dense.LogProbs(s)[..^1].Select((row, i) => row[s[i + 1]])).ToList();
            Assert.All(expected.Zip(scores), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        }

        using var runner = new PagedModelRunner(model, new KvCacheSize(8, 16));
        var harness = new PagedHarness(runner, dense);
        var prompt = harness.Add(TestModels.Tokens(9, 29, 3));
        harness.Step((prompt, 9, 1));
        harness.Step((prompt, 1, 1));
        Assert.Equal(2, harness.Compared);
    }

    /// <summary>Central differences of the reference in A and B, every element.</summary>
    [Theory]
    [MemberData(nameof(Targets))]
    public void Gradients_are_finite_differences(string[] targets)
    {
        const double Step = 1e-5;
        using var weights = Adapted(Options with { Targets = targets, IsRankStabilised = true });
        using var model = new DecoderModel(weights);
        var dense = Merged(weights);
        var ids = TestModels.Tokens(7, 29, 4);
        using var scope = new TensorScope();
        model.Score(TestModels.Pack(ids)).LogProbs.sum().backward();

        for (var i = 0; i < weights.Trainable.Count; i += 2)
        {
            var (a, b) = (Doubles(weights.Trainable[i].Tensor), Doubles(weights.Trainable[i + 1].Tensor));
            var gradient = (A: weights.Trainable[i].Tensor.grad()!.ToArray<float>(), B: weights.Trainable[i + 1].Tensor.grad()!.ToArray<float>());
            var weight = dense.Weights[Base(weights.Trainable[i].Name)];
            var own = (double[])weight.Clone();
            foreach (var (values, expected) in new[] { (a, gradient.A), (b, gradient.B) })
            {
                for (var e = 0; e < values.Length; e += 5)
                {
                    var difference = (Loss(values, e, Step) - Loss(values, e, -Step)) / (2 * Step);
                    Assert.True(Math.Abs(difference - expected[e]) <= 2e-4 + (1e-3 * Math.Abs(difference)), $"{weights.Trainable[i].Name}[{e}]: {expected[e]}, expected {difference}");
                }
            }

            double Loss(double[] values, int at, double step)
            {
                // W moves by the change of s·B A.
                var before = Product(b, a, 3);
                values[at] += step;
                var after = Product(b, a, 3);
                values[at] -= step;
                for (var w = 0; w < weight.Length; w++)
                {
                    weight[w] = own[w] + (6 / Math.Sqrt(3) * (after[w] - before[w]));
                }

                var rows = dense.LogProbs(ids);
                own.CopyTo(weight, 0);
                return Enumerable.Range(1, ids.Length - 1).Sum(t => rows[t - 1][ids[t]]);
            }
        }
    }

    [Fact]
    public void Switched_off_it_is_the_base_to_the_bit()
    {
        using var plain = TestModels.Weights(Config);
        using var weights = Adapted(Options);
        using var expected = new DecoderModel(plain);
        using var policy = new DecoderModel(weights);
        using var reference = policy.WithoutAdapter();
        var batch = TestModels.Pack(TestModels.Tokens(9, 29, 1));
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        var off = reference.Score(batch, 1, new DropoutPlace(1)).LogProbs.ToArray<float>();
        Assert.Equal(expected.Score(batch).LogProbs.ToArray<float>(), off);
        Assert.NotEqual(policy.Score(batch).LogProbs.ToArray<float>(), off);
    }

    [Theory]
    [InlineData(ModelFamily.Llama, false)]
    [InlineData(ModelFamily.Qwen2, true)]
    public void Merged_it_is_adapter_plus_base(ModelFamily family, bool tied)
    {
        var config = TestModels.Config(family, tied, bias: family == ModelFamily.Qwen2);
        using var weights = Adapted(Options with { Targets = LoraOptions.AllTargets }, config);
        var batch = TestModels.Pack(TestModels.Tokens(20, 29, 1), TestModels.Tokens(5, 29, 2));
        float[] before, after;
        using (var model = new DecoderModel(weights))
        {
            before = Scores(model, batch);
        }

        weights.MergeAdapter();
        Assert.Null(weights.Adapter);
        ModelFolder.Save(_folder.Path, weights);
        using var loaded = ModelFolder.Open(_folder.Path).LoadWeights(Device.Cpu);
        using (var model = new DecoderModel(loaded))
        {
            after = Scores(model, batch);
        }

        Assert.All(before.Zip(after), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void Dropout_drops_in_training_passes_only_and_repeats_itself()
    {
        using var weights = Adapted(Options with { Dropout = 0.25 });
        using var model = new DecoderModel(weights);
        var batch = TestModels.Pack(TestModels.Tokens(20, 29, 1));
        var plain = Scores(model, batch);
        var dropped = Scores(model, batch, new DropoutPlace(7));
        Assert.Equal(dropped, Scores(model, batch, new DropoutPlace(7)));
        Assert.NotEqual(plain, dropped);
        Assert.NotEqual(dropped, Scores(model, batch, new DropoutPlace(8)));
        Assert.NotEqual(dropped, Scores(model, batch, new DropoutPlace(7, Stage: 1)));
        Assert.NotEqual(dropped, Scores(model, batch, new DropoutPlace(7, FirstToken: 1, FirstTerm: 1)));
        Assert.Equal(Scores(model, batch), plain);

        // In expectation nothing changes: the mean over many passes of a nearly linear model comes near the plain scores.
        using var small = Adapted(Options with { Dropout = 0.25, Alpha = 0.03 });
        using var nearly = new DecoderModel(small);
        var (target, sums) = (Scores(nearly, batch), new double[plain.Length]);
        const int Passes = 400;
        for (var i = 0; i < Passes; i++)
        {
            var scores = Scores(nearly, batch, new DropoutPlace(i));
            for (var t = 0; t < sums.Length; t++)
            {
                sums[t] += scores[t] / Passes;
            }
        }

        var spread = Scores(nearly, batch, new DropoutPlace(0)).Zip(target, (a, b) => Math.Abs(a - b)).Average();
        Assert.True(sums.Zip(target, (a, b) => Math.Abs(a - b)).Average() < spread / 5, $"{spread}");
    }

    [Fact]
    public void Layers_computed_again_drop_the_same_and_give_the_same_gradients()
    {
        using var weights = Adapted(Options with { Dropout = 0.25 });
        using var model = new DecoderModel(weights);
        var batch = TestModels.Pack(TestModels.Tokens(20, 29, 1), TestModels.Tokens(7, 29, 2));
        var whole = Gradients();
        model.GradientCheckpointing = true;
        Assert.Equal(whole, Gradients());

        float[] Gradients()
        {
            using var scope = new TensorScope();
            torch.zero_grad([.. weights.Trainable.Select(p => p.Tensor)]);
            var scores = model.Score(batch, 1, new DropoutPlace(5));
            scores.Backward(torch.ones(scores.LogProbs.shape), torch.full(scores.Entropy.shape, 0.3));
            return [.. weights.Trainable.SelectMany(p => p.Tensor.grad()!.ToArray<float>())];
        }
    }

    [Fact]
    public void Dropout_does_not_depend_on_the_cut()
    {
        using var weights = Adapted(Options with { Dropout = 0.25 });
        using var model = new DecoderModel(weights);
        var (first, second) = (TestModels.Tokens(9, 29, 1), TestModels.Tokens(6, 29, 2));
        var whole = Scores(model, TestModels.Pack(first, second), new DropoutPlace(3));
        var place = new DropoutPlace(3);
        var one = Scores(model, TestModels.Pack(first), place);
        var two = Scores(model, TestModels.Pack(second), place.After(TestModels.Pack(first)));
        Assert.All(whole.Zip([.. one, .. two]), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void A_folder_is_pefts_and_repeats_itself()
    {
        using var weights = Adapted(Options with { Dropout = 0.05, IsRankStabilised = true });
        var (first, second) = (_folder.File("first"), _folder.File("second"));
        Directory.CreateDirectory(first);
        Directory.CreateDirectory(second);
        PeftFolder.Save(first, weights.Adapter!, "Qwen/Qwen3-0.6B");
        using var file = SafetensorsFile.Open(Path.Combine(first, "adapter_model.safetensors"));
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal([3L, 12L], file.Find("base_model.model.model.layers.1.self_attn.v_proj.lora_A.weight")!.Shape);
        Assert.Equal([12L, 3L], file.Find("base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight")!.Shape);
        Assert.Equal([3L, 20L], file.Find("base_model.model.model.layers.0.mlp.down_proj.lora_A.weight")!.Shape);

        var opened = PeftFolder.Open(first);
        Assert.Equal("Qwen/Qwen3-0.6B", opened.BaseName);
        Assert.Equal((3, 6.0, 0.05, true, 6 / Math.Sqrt(3)), (opened.Options.Rank, opened.Options.Alpha, opened.Options.Dropout, opened.Options.IsRankStabilised, opened.Options.Scaling));
        using var adapter = opened.Load(Config, new RandomStreams(9), Device.Cpu);
        PeftFolder.Save(second, adapter, opened.BaseName);
        foreach (var name in (string[])["adapter_config.json", "adapter_model.safetensors"])
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(first, name)), File.ReadAllBytes(Path.Combine(second, name)));
        }
    }

    [Theory]
    [InlineData("\"target_modules\": \"all-linear\"", 28)]
    [InlineData("\"target_modules\": [\"layers.1.self_attn.q_proj\", \"down_proj\"]", 6)]
    public void Reads_targets_as_peft_writes_them(string targets, int tensors)
    {
        var options = Write("{\"peft_type\": \"LORA\", \"r\": 3, \"lora_alpha\": 6, \"layers_to_transform\": null, \"rank_pattern\": {}, " + targets + "}");
        using var adapter = LoraAdapter.Initialize(Config, options, new RandomStreams(1), Device.Cpu);
        Assert.Equal(tensors, adapter.Parameters.Count);
        Assert.Equal(2, options.Scaling);
    }

    [Theory]
    [InlineData("{\"peft_type\": \"IA3\"}", "peft_type: 'IA3' is not supported; supported: LORA")]
    [InlineData("{\"r\": 3}", "peft_type: missing")]
    [InlineData("{\"peft_type\": \"LORA\"}", "target_modules: missing")]
    [InlineData("{\"peft_type\": \"LORA\", \"target_modules\": \".*q_proj\"}", "target_modules: the pattern")]
    [InlineData("{\"peft_type\": \"LORA\", \"target_modules\": [\"q_proj\"], \"use_dora\": true}", "use_dora: true is not supported")]
    [InlineData("{\"peft_type\": \"LORA\", \"target_modules\": [\"q_proj\"], \"rank_pattern\": {\"q\": 1}}", "rank_pattern: ")]
    [InlineData("{\"peft_type\": \"LORA\", \"target_modules\": [\"q_proj\"], \"bias\": \"all\"}", "bias: 'all' is not supported")]
    [InlineData("{\"peft_type\": \"LORA\", \"target_modules\": [\"q_proj\"], \"r\": 0}", "r: 0 is not in 1..65536")]
    [InlineData("{\"peft_type\": \"LORA\", \"target_modules\": [\"q_proj\"], \"lora_dropout\": 1}", "lora_dropout: 1 is not in [0, 1)")]
    [InlineData("{", "not valid JSON")]
    public void Refuses_what_it_cannot_compute(string json, string reason)
    {
        var error = Assert.Throws<CheckpointException>(() => Write(json));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(_folder.File("adapter_config.json: "), error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Tensors_that_do_not_belong_are_named()
    {
        using (var weights = Adapted(Options))
        {
            PeftFolder.Save(_folder.Path, weights.Adapter!, null);
        }

        var (config, path) = (_folder.File("adapter_config.json"), _folder.File("adapter_model.safetensors"));
        var text = File.ReadAllText(config);
        AssertRefused(text.Replace("\"r\": 3", "\"r\": 4", StringComparison.Ordinal), $"{path}: base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight: shape [3, 12], but adapter_config.json");
        AssertRefused(text.Replace("q_proj", "k_proj", StringComparison.Ordinal), $"{path}: base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight: missing");
        AssertRefused(text.Replace("\"down_proj\"", "\"up_proj\"", StringComparison.Ordinal), $"{path}: base_model.model.model.layers.0.mlp.down_proj.lora_A.weight: extra");
        AssertRefused(text.Replace("\"down_proj\"", "\"lm_head\"", StringComparison.Ordinal), $"{config}: target_modules: the base model has no linear map 'lm_head' that can be adapted; valid: q_proj, k_proj");
        File.Delete(path);
        AssertRefused(text, $"{path}: missing");

        void AssertRefused(string json, string message)
        {
            File.WriteAllText(config, json);
            var error = Assert.Throws<CheckpointException>(() => PeftFolder.Open(_folder.Path).Load(Config, new RandomStreams(1), Device.Cpu));
            Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void Damaged_adapters_are_refused_or_read_never_worse()
    {
        using (var weights = Adapted(Options))
        {
            PeftFolder.Save(_folder.Path, weights.Adapter!, "base");
        }

        var stream = new RandomStreams(12).Stream(StreamPurpose.DatasetGeneration);
        var refused = 0;
        for (var trial = 0; trial < 600; trial++)
        {
            var path = _folder.File(trial % 3 == 0 ? "adapter_model.safetensors" : "adapter_config.json");
            var whole = File.ReadAllBytes(path);
            var bytes = (byte[])whole.Clone();
            bytes[stream.Below(3 * trial, Math.Min(bytes.Length, 2000))] ^= (byte)(1 << stream.Below((3 * trial) + 1, 8));
            File.WriteAllBytes(path, trial % 7 == 0 ? bytes[..stream.Below((3 * trial) + 2, bytes.Length)] : bytes);
            try
            {
                PeftFolder.Open(_folder.Path).Load(Config, new RandomStreams(1), Device.Cpu).Dispose();
            }
            catch (CheckpointException error)
            {
                Assert.StartsWith(_folder.Path, error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', error.Message);
                refused++;
            }

            File.WriteAllBytes(path, whole);
        }

        Assert.InRange(refused, 200, 599);
    }

    private LoraOptions Write(string json)
    {
        File.WriteAllText(_folder.File("adapter_config.json"), json);
        return PeftFolder.Open(_folder.Path).Options;
    }

    /// <summary>Weights with an adapter whose A and B both are random.</summary>
    private static DecoderWeights Adapted(LoraOptions options, ModelConfig? config = null)
    {
        var weights = TestModels.Weights(config ?? Config);
        weights.Attach(LoraAdapter.Initialize(weights.Config, options, new RandomStreams(1), Device.Cpu));
        for (var i = 0; i < weights.Trainable.Count; i++)
        {
            var stream = new RandomStreams(3).Stream(StreamPurpose.DatasetGeneration, prompt: i);
            weights.Trainable[i].Tensor.CopyFrom<float>([.. Enumerable.Range(0, (int)weights.Trainable[i].Tensor.numel()).Select(j => 0.2f * (float)stream.Normal(j))]);
        }

        return weights;
    }

    /// <summary>The reference on the base with every s·B A added in double.</summary>
    private static DenseDecoder Merged(DecoderWeights weights)
    {
        var dense = new DenseDecoder(weights);
        var options = weights.Adapter!.Options;
        var scaling = options.IsRankStabilised ? options.Alpha / Math.Sqrt(options.Rank) : options.Alpha / options.Rank;
        for (var i = 0; i < weights.Trainable.Count; i += 2)
        {
            var target = dense.Weights[Base(weights.Trainable[i].Name)];
            var product = Product(Doubles(weights.Trainable[i + 1].Tensor), Doubles(weights.Trainable[i].Tensor), options.Rank);
            Assert.Equal(target.Length, product.Length);
            for (var w = 0; w < target.Length; w++)
            {
                target[w] += scaling * product[w];
            }
        }

        return dense;
    }

    private static double[] Product(double[] b, double[] a, int rank)
    {
        var columns = a.Length / rank;
        var product = new double[b.Length / rank * columns];
        for (var row = 0; row < b.Length / rank; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                product[(row * columns) + column] = Enumerable.Range(0, rank).Sum(r => b[(row * rank) + r] * a[(r * columns) + column]);
            }
        }

        return product;
    }

    private static string Base(string name) => name["base_model.model.".Length..^".lora_A.weight".Length] + ".weight";

    private static double[] Doubles(Tensor tensor)
    {
        using var scope = new TensorScope();
        return Array.ConvertAll(tensor.detach().ToArray<float>(), x => (double)x);
    }

    private static float[] Scores(DecoderModel model, MicroBatch batch, DropoutPlace? dropout = null)
    {
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        return model.Score(batch, 1, dropout).LogProbs.ToArray<float>();
    }
}
