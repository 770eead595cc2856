using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

public sealed class ShardedWeightsTests : IDisposable
{
    private const string Index = "model.safetensors.index.json";
    private const string First = "model-00001-of-00008.safetensors";
    private const string Second = "model-00002-of-00008.safetensors";

    private static readonly ModelConfig Config = TestModels.Config(ModelFamily.Qwen3, tied: false, bias: true);

    private readonly TemporaryFolder _folder = new();

    private string Model => _folder.File("model");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_hold_what_one_file_holds_and_repeat_themselves()
    {
        var (whole, again) = (_folder.File("whole"), _folder.File("again"));
        Save();
        var files = Directory.GetFiles(Model).Select(Path.GetFileName).Order().ToList();
        Assert.Equal(["config.json", First, Second, "model-00003-of-00008.safetensors", "model-00004-of-00008.safetensors", "model-00005-of-00008.safetensors", "model-00006-of-00008.safetensors", "model-00007-of-00008.safetensors", "model-00008-of-00008.safetensors", Index], files);
        using (var weights = TestModels.Weights(Config))
        {
            ModelFolder.Save(whole, weights);
        }

        using (var weights = ModelFolder.Open(Model).LoadWeights(Device.Cpu))
        {
            ModelFolder.Save(again, weights, ModelFolder.Open(Model), maxShardBytes: 2500);
            foreach (var name in files)
            {
                Assert.Equal(File.ReadAllBytes(Path.Combine(Model, name!)), File.ReadAllBytes(Path.Combine(again, name!)));
            }

            // Saved as one file over the shards, it is the one file, and nothing of the shards is left.
            ModelFolder.Save(again, weights);
        }

        Assert.Equal(["config.json", "model.safetensors"], Directory.GetFiles(again).Select(Path.GetFileName).Order());
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "model.safetensors")), File.ReadAllBytes(Path.Combine(again, "model.safetensors")));
    }

    [Fact]
    public void Every_shard_keeps_to_its_size_and_says_what_wrote_it()
    {
        Save();
        var index = JsonNode.Parse(File.ReadAllText(Path.Combine(Model, Index)))!;
        var (total, tensors) = (0L, 0);
        foreach (var path in Directory.GetFiles(Model, "*.safetensors"))
        {
            using var file = SafetensorsFile.Open(path);
            Assert.Equal("pt", file.Metadata["format"]);
            Assert.InRange(file.Entries.Sum(e => e.End - e.Begin), 1, 2500);
            Assert.All(file.Entries, e => Assert.Equal(Path.GetFileName(path), (string)index["weight_map"]![e.Name]!));
            total += file.Entries.Sum(e => e.End - e.Begin);
            tensors += file.Entries.Count;
        }

        Assert.Equal(total, (long)index["metadata"]!["total_size"]!);
        Assert.Equal(tensors, index["weight_map"]!.AsObject().Count);
    }

    [Theory]
    [InlineData("../model/" + First)]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("sub/" + First)]
    [InlineData("C:" + First)]
    [InlineData("weights.bin")]
    public void An_index_names_files_of_its_folder_only(string name)
    {
        Save();
        Rewrite(map => map["model.norm.weight"] = name);
        AssertRefused($"{Model}/{Index}: weight_map.model.norm.weight: ", "is not the name of a .safetensors file in the same folder");
    }

    [Fact]
    public void Index_and_shards_must_agree()
    {
        Save();
        var embedding = Path.Combine(Model, First);
        Rewrite(map => map["model.norm.weight"] = First);
        AssertRefused($"{embedding}: model.norm.weight: missing, though {Index} says it is in this file");
        Rewrite(map => map["model.norm.weight"] = "absent.safetensors");
        AssertRefused($"{Model}/absent.safetensors: named by {Index}, missing");
        Rewrite(map => map.Remove("model.embed_tokens.weight"));
        AssertRefused($"{embedding}: model.embed_tokens.weight: extra: {Index} does not name it");
        Rewrite(map => map.Remove("model.embed_tokens.weight"), original: true);
        File.Copy(embedding, Path.Combine(Model, Second), overwrite: true);
        AssertRefused($"{Model}/{Second}: model.embed_tokens.weight: also in {First}");
        File.WriteAllBytes(embedding, File.ReadAllBytes(embedding)[..200]);
        AssertRefused($"{embedding}: ");
    }

    [Fact]
    public void A_tensor_of_another_shape_is_named_with_its_shard()
    {
        Save();
        var config = Path.Combine(Model, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"vocab_size\": 29", "\"vocab_size\": 30", StringComparison.Ordinal));
        AssertRefused($"{Model}/{First}: model.embed_tokens.weight: shape [29, 12], but config.json asks for [30, 12]");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", StringComparison.Ordinal).Replace("\"vocab_size\": 30", "\"vocab_size\": 29", StringComparison.Ordinal));
        AssertRefused($"{Model}/{Index}: model.layers.2.input_layernorm.weight: missing");
    }

    [Fact]
    public void Links_stay_inside_or_lead_into_the_cache_they_belong_to()
    {
        Save();
        var outside = _folder.File(First);
        File.Move(Path.Combine(Model, First), outside);
        File.CreateSymbolicLink(Path.Combine(Model, First), outside);
        AssertRefused($"{Model}/{First}: named by {Index}, is a link to {outside}, outside the model folder");

        File.Delete(Path.Combine(Model, First));
        File.CreateSymbolicLink(Path.Combine(Model, First), Second);
        File.Move(Path.Combine(Model, Second), _folder.File(Second));
        File.CreateSymbolicLink(Path.Combine(Model, Second), First);
        AssertRefused($"{Model}/{First}: named by {Index}, cannot be read");

        // Hugging Face's cache: snapshots/REVISION holds links into blobs.
        var (snapshot, blobs) = (_folder.File("hub/snapshots/abc"), _folder.File("hub/blobs"));
        Directory.CreateDirectory(snapshot);
        Directory.CreateDirectory(blobs);
        using (var weights = TestModels.Weights(Config))
        {
            ModelFolder.Save(snapshot, weights, maxShardBytes: 2500);
        }

        foreach (var path in Directory.GetFiles(snapshot))
        {
            var blob = Path.Combine(blobs, $"{Path.GetFileName(path).Length}-{Path.GetFileName(path)}");
            File.Move(path, blob);
            File.CreateSymbolicLink(path, $"../../blobs/{Path.GetFileName(blob)}");
        }

        ModelFolder.Open(snapshot).LoadWeights(Device.Cpu).Dispose();
    }

    [Theory]
    [InlineData("[]", "weight_map is missing")]
    [InlineData("{\"weight_map\": []}", "weight_map is missing")]
    [InlineData("{\"weight_map\": {\"a\": 1}}", "weight_map.a: 1 is not the name")]
    [InlineData("{\"weight_map\": {\"a\": \"b.safetensors\", \"a\": \"c.safetensors\"}}", "not valid JSON")]
    [InlineData("{\"weight_map\": {\"\\ud800\": \"b.safetensors\"}}", "not valid JSON")]
    [InlineData("{\"weight_map\": {}}", "model.embed_tokens.weight: missing")]
    [InlineData("{", "not valid JSON")]
    public void A_damaged_index_is_one_line(string json, string reason)
    {
        Save();
        File.WriteAllText(Path.Combine(Model, Index), json);
        AssertRefused($"{Model}/{Index}: {reason}");
    }

    [Fact]
    public void Damaged_indices_are_refused_or_read_never_worse()
    {
        Save();
        var (path, whole) = (Path.Combine(Model, Index), File.ReadAllBytes(_folder.File("index")));
        var stream = new RandomStreams(13).Stream(StreamPurpose.DatasetGeneration);
        var refused = 0;
        for (var trial = 0; trial < 400; trial++)
        {
            var bytes = (byte[])whole.Clone();
            bytes[stream.Below(3 * trial, bytes.Length)] ^= (byte)(1 << stream.Below((3 * trial) + 1, 8));
            File.WriteAllBytes(path, trial % 7 == 0 ? bytes[..stream.Below((3 * trial) + 2, bytes.Length)] : bytes);
            try
            {
                ModelFolder.Open(Model).LoadWeights(Device.Cpu).Dispose();
            }
            catch (CheckpointException error)
            {
                Assert.StartsWith(Model, error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', error.Message);
                refused++;
            }
        }

        Assert.InRange(refused, 200, 399);
    }

    [Fact]
    public void A_tied_head_may_be_repeated_in_the_file_but_not_differ()
    {
        var tied = Config with { TieWordEmbeddings = true };
        using (var weights = TestModels.Weights(tied))
        {
            ModelFolder.Save(Model, weights);
        }

        var path = Path.Combine(Model, "model.safetensors");
        var whole = File.ReadAllBytes(path);
        WithHead(path, change: 0);
        ModelFolder.Open(Model).LoadWeights(Device.Cpu).Dispose();
        File.WriteAllBytes(path, whole);
        WithHead(path, change: 1);
        AssertRefused($"{path}: lm_head.weight: differs from model.embed_tokens.weight");
    }

    [Theory]
    [InlineData(SafetensorsType.BF16, "bfloat16")]
    [InlineData(SafetensorsType.F16, "float16")]
    public void Narrow_types_are_rounded_to_the_nearest(SafetensorsType type, string name)
    {
        using var weights = TestModels.Weights(Config);
        ModelFolder.Save(Model, weights, type: type);
        Assert.Equal(name, (string)JsonNode.Parse(File.ReadAllText(Path.Combine(Model, "config.json")))!["torch_dtype"]!);
        using var narrow = ModelFolder.Open(Model).LoadWeights(Device.Cpu);
        using var scope = new TensorScope();
        // Half of the last place: 2^-8 relative at eight bits of mantissa, 2^-11 at eleven.
        var half = type == SafetensorsType.BF16 ? 1 / 256.0 : 1 / 2048.0;
        var exact = true;
        foreach (var (a, b) in weights.Parameters.Zip(narrow.Parameters))
        {
            Assert.All(a.Tensor.detach().ToArray<float>().Zip(b.Tensor.detach().ToArray<float>()), pair =>
            {
                Assert.InRange(Math.Abs(pair.First - pair.Second), 0, (half * Math.Abs(pair.First)) + 3e-8);
                exact &= pair.First == pair.Second;
            });
        }

        Assert.False(exact);
        var again = _folder.File("again");
        ModelFolder.Save(again, narrow, type: type);
        Assert.Equal(File.ReadAllBytes(Path.Combine(Model, "model.safetensors")), File.ReadAllBytes(Path.Combine(again, "model.safetensors")));
    }

    [Fact]
    public void Ties_round_to_even_and_what_float16_cannot_hold_is_refused()
    {
        using var weights = TestModels.Weights(Config);
        var values = new float[12];
        (values[0], values[1], values[2]) = (1 + (1 / 256f), 1 + (3 / 256f), -float.MaxValue);
        weights.Parameters.Single(p => p.Name == "model.norm.weight").Tensor.CopyFrom<float>(values);
        ModelFolder.Save(Model, weights, type: SafetensorsType.BF16);
        using (var file = SafetensorsFile.Open(Path.Combine(Model, "model.safetensors")))
        {
            file.ReadFloat32(file.Find("model.norm.weight")!, 0, values);
            Assert.Equal([1f, 1 + (4 / 256f), float.NegativeInfinity], values[..3]);
        }

        var error = Assert.Throws<CheckpointException>(() => ModelFolder.Save(Model, weights, type: SafetensorsType.F16));
        Assert.Contains("model.norm.weight: -3.4028235E+38 exceeds the range of float16", error.Message, StringComparison.Ordinal);
    }

    private void Save()
    {
        using var weights = TestModels.Weights(Config);
        ModelFolder.Save(Model, weights, maxShardBytes: 2500);
        File.Copy(Path.Combine(Model, Index), _folder.File("index"), overwrite: true);
    }

    private void Rewrite(Action<JsonObject> change, bool original = false)
    {
        var root = JsonNode.Parse(File.ReadAllText(_folder.File("index")))!;
        if (!original)
        {
            change(root["weight_map"]!.AsObject());
        }

        File.WriteAllText(Path.Combine(Model, Index), root.ToJsonString());
    }

    private static void WithHead(string path, byte change)
    {
        List<SafetensorsSource> sources = [];
        using (var file = SafetensorsFile.Open(path))
        {
            foreach (var entry in file.Entries)
            {
                var bytes = new byte[entry.End - entry.Begin];
                file.ReadBytes(entry, bytes);
                sources.Add(new(entry.Name, entry.Type, entry.Shape, stream => stream.Write(bytes)));
                if (entry.Name == "model.embed_tokens.weight")
                {
                    var head = (byte[])bytes.Clone();
                    head[^1] ^= change;
                    sources.Add(new("lm_head.weight", entry.Type, entry.Shape, stream => stream.Write(head)));
                }
            }
        }

        SafetensorsWriter.Write(path, sources);
    }

    private void AssertRefused(params string[] parts)
    {
        var error = Assert.Throws<CheckpointException>(() => ModelFolder.Open(Model).LoadWeights(Device.Cpu));
        Assert.StartsWith(parts[0], error.Message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', error.Message);
    }
}
