using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// A model on disk as Hugging Face lays it out: <c>config.json</c>, <c>model.safetensors</c> or shards with their index, and
/// beside them the tokenizer's files, which are copied by their bytes.
/// </summary>
public sealed class ModelFolder
{
    /// <summary>Name of the configuration file.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>Name of the weight file.</summary>
    public const string WeightsFile = "model.safetensors";

    /// <summary>Most bytes of tensors that are saved in one weight file, unless said otherwise: Hugging Face's 5 GB.</summary>
    public const long DefaultShardBytes = 5_000_000_000;

    private static readonly string[] CompanionPatterns =
    [
        "tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "chat_template*", "generation_config.json",
    ];

    private readonly byte[] _configJson;

    // Kept in memory: the folder may be a checkpoint that is deleted while the model that came from it is trained.
    private readonly List<(string Name, byte[] Content)> _companions;

    private ModelFolder(string path, ModelConfig config, byte[] configJson, List<(string Name, byte[] Content)> companions) =>
        (Path, Config, _configJson, _companions) = (path, config, configJson, companions);

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The shape of the model in it.</summary>
    public ModelConfig Config { get; }

    /// <summary>Reads the configuration; the weights are read by <see cref="LoadWeights"/>.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="CheckpointException">There is no such folder, or its configuration cannot be used.</exception>
    public static ModelFolder Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path))
        {
            throw new CheckpointException($"{path}: there is no such folder; a model is a folder with {ConfigFile} and {WeightsFile}");
        }

        var configPath = System.IO.Path.Combine(path, ConfigFile);
        var json = ModelConfigFile.Read(configPath);
        return new ModelFolder(path, ModelConfigFile.Parse(json, configPath), json, ReadCompanions(path));
    }

    /// <summary>
    /// Saves a model. Each file is complete or not there; the configuration comes last, so a folder that has one is whole.
    /// </summary>
    /// <param name="path">The folder; made when absent.</param>
    /// <param name="weights">The model.</param>
    /// <param name="source">Where the other keys of <c>config.json</c> and the tokenizer's files come from; null for none.</param>
    /// <param name="type">How weights are stored: F32, or F16 or BF16, to which they are rounded.</param>
    /// <param name="maxShardBytes">Most bytes of tensors in one weight file; what exceeds it is saved as shards with an index.</param>
    /// <param name="written">Told of the bytes of weights as they are written; null for nobody.</param>
    /// <exception cref="CheckpointException">A file cannot be read or written, or a weight exceeds the range of F16.</exception>
    public static void Save(
        string path,
        DecoderWeights weights,
        ModelFolder? source = null,
        SafetensorsType type = SafetensorsType.F32,
        long maxShardBytes = DefaultShardBytes,
        Action<long>? written = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(weights);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be made ({Excerpt.Of(error.Message)}); choose another folder", error);
        }

        var dtype = type switch
        {
            SafetensorsType.F32 => "float32",
            SafetensorsType.F16 => "float16",
            SafetensorsType.BF16 => "bfloat16",
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "weights are F32, F16 or BF16"),
        };
        WeightWriter.WriteFolder(path, weights, type, maxShardBytes, written);
        source?.SaveCompanions(path);
        var config = System.Text.Encoding.UTF8.GetBytes(ModelConfigFile.Format(weights.Config, source?._configJson, dtype));
        CheckpointFile.Write(System.IO.Path.Combine(path, ConfigFile), stream => stream.Write(config));
    }

    /// <summary>Writes the tokenizer's files and the generation settings into a folder that exists, as they were.</summary>
    /// <exception cref="CheckpointException">A file cannot be written.</exception>
    public void SaveCompanions(string path)
    {
        foreach (var (name, content) in _companions)
        {
            CheckpointFile.Write(System.IO.Path.Combine(path, name), stream => stream.Write(content));
        }
    }

    /// <summary>Reads the weights.</summary>
    /// <param name="device">Where to put them.</param>
    /// <param name="trainable">Whether they take gradients.</param>
    /// <param name="precision">What they count as.</param>
    /// <exception cref="CheckpointException">The weights are absent, damaged or of another shape: file, tensor, reason.</exception>
    public DecoderWeights LoadWeights(Device device, bool trainable = true, WeightPrecision precision = WeightPrecision.Float32) =>
        DecoderWeights.Load(Config, Path, device, trainable, precision);

    private static List<(string Name, byte[] Content)> ReadCompanions(string folder)
    {
        var current = folder;
        try
        {
            var companions = new List<(string Name, byte[] Content)>();
            foreach (var file in CompanionPatterns.SelectMany(pattern => Directory.GetFiles(folder, pattern)).Order(StringComparer.Ordinal))
            {
                current = file;
                companions.Add((System.IO.Path.GetFileName(file), File.ReadAllBytes(file)));
            }

            return companions;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{current}: cannot be read ({Excerpt.Of(error.Message)})", error);
        }
    }
}
