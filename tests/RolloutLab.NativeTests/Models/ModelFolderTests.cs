using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

public sealed class ModelFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Save_load_save_repeats_every_file()
    {
        var (first, second) = (_folder.File("first"), _folder.File("deep/second"));
        using (var weights = TestModels.Weights(TestModels.Config(ModelFamily.Qwen3, tied: true, bias: true)))
        {
            ModelFolder.Save(first, weights);
        }

        byte[] tokenizer = [0, 255, 13, 10, 7];
        File.WriteAllBytes(Path.Combine(first, "tokenizer.json"), tokenizer);
        File.WriteAllText(Path.Combine(first, "generation_config.json"), "{}");
        File.WriteAllText(Path.Combine(first, "optimizer.safetensors"), "not the model's");
        var source = ModelFolder.Open(first);
        using (var weights = source.LoadWeights(Device.Cpu))
        {
            ModelFolder.Save(second, weights, source);
        }

        Assert.Equal(
            ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"],
            Directory.GetFiles(second).Select(Path.GetFileName).Order());
        Assert.Equal(tokenizer, File.ReadAllBytes(Path.Combine(second, "tokenizer.json")));
        foreach (var name in (string[])["config.json", "model.safetensors"])
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(first, name)), File.ReadAllBytes(Path.Combine(second, name)));
        }
    }

    [Fact]
    public void Saving_over_its_own_source_keeps_the_other_keys()
    {
        var path = _folder.File("model");
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: true, bias: false));
        ModelFolder.Save(path, weights);
        var config = Path.Combine(path, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("{", "{\"eos_token_id\": 3,", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(path, "tokenizer.json"), "{}");
        ModelFolder.Save(path, weights, ModelFolder.Open(path));
        Assert.Contains("\"eos_token_id\": 3", File.ReadAllText(config), StringComparison.Ordinal);
        Assert.Equal("{}", File.ReadAllText(Path.Combine(path, "tokenizer.json")));
    }

    [Fact]
    public void A_checkpoint_of_another_shape_is_one_clear_line()
    {
        var path = _folder.File("model");
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: true, bias: false));
        ModelFolder.Save(path, weights);
        var config = Path.Combine(path, "config.json");
        var wider = File.ReadAllText(config).Replace("\"intermediate_size\": 20", "\"intermediate_size\": 24", StringComparison.Ordinal);
        File.WriteAllText(config, wider);
        AssertRefused(
            path, $"{path}/model.safetensors: model.layers.0.mlp.gate_proj.weight: shape [20, 12], but config.json asks for [24, 12]");
    }

    [Fact]
    public void Missing_parts_are_named()
    {
        var path = _folder.File("model");
        AssertRefused(path, $"{path}: there is no such folder");
        Directory.CreateDirectory(path);
        AssertRefused(path, $"{path}/config.json: cannot be read");
        using (var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: true, bias: false)))
        {
            ModelFolder.Save(path, weights);
        }

        File.Delete(Path.Combine(path, "model.safetensors"));
        AssertRefused(path, $"{path}/model.safetensors: missing; a model folder has model.safetensors or model.safetensors.index.json");
        File.WriteAllText(Path.Combine(path, "model.safetensors.index.json"), "{}");
        AssertRefused(path, $"{path}/model.safetensors.index.json: weight_map is missing");
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        var file = _folder.File("file");
        File.WriteAllText(file, "");
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: true, bias: false));
        var error = Assert.Throws<CheckpointException>(() => ModelFolder.Save(Path.Combine(file, "model"), weights));
        Assert.StartsWith($"{file}/model: cannot be made", error.Message, StringComparison.Ordinal);
    }

    private static void AssertRefused(string path, string message)
    {
        var error = Assert.Throws<CheckpointException>(() => ModelFolder.Open(path).LoadWeights(Device.Cpu));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
