using System.Text;
using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// An adapter on disk as PEFT lays it out: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>. The base model is
/// not in it, only named.
/// </summary>
public sealed class PeftFolder
{
    /// <summary>Name of the configuration file.</summary>
    public const string ConfigFile = PeftConfigFile.FileName;

    /// <summary>Name of the weight file.</summary>
    public const string WeightsFile = "adapter_model.safetensors";

    private static readonly Dictionary<string, string> Metadata = new() { ["format"] = "pt" };

    private PeftFolder(string path, LoraOptions options, string? baseName) => (Path, Options, BaseName) = (path, options, baseName);

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Rank, scaling, dropout and targets.</summary>
    public LoraOptions Options { get; }

    /// <summary>What <c>base_model_name_or_path</c> says; null for nothing.</summary>
    public string? BaseName { get; }

    /// <summary>Whether a folder holds an adapter.</summary>
    public static bool IsIn(string path) => File.Exists(System.IO.Path.Combine(path, ConfigFile));

    /// <summary>Reads the configuration; the weights are read by <see cref="Load"/>.</summary>
    /// <exception cref="CheckpointException">It cannot be read, or asks for something unsupported.</exception>
    public static PeftFolder Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var (options, baseName) = PeftConfigFile.Read(System.IO.Path.Combine(path, ConfigFile));
        return new PeftFolder(path, options, baseName);
    }

    /// <summary>Saves an adapter: the weights first, the configuration last, so a folder that has one is whole.</summary>
    /// <param name="path">The folder; exists.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="baseName">Folder or name of the base model; null for none.</param>
    /// <param name="type">How weights are stored: F32, or F16 or BF16, to which they are rounded.</param>
    /// <exception cref="CheckpointException">A file cannot be written, or a weight exceeds the range of F16.</exception>
    public static void Save(string path, LoraAdapter adapter, string? baseName, SafetensorsType type = SafetensorsType.F32)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(adapter);
        var sources = adapter.Parameters.Select(p => new SafetensorsSource(p.Name, type, p.Tensor.shape.ToArray(), stream =>
        {
            using var scope = new TensorScope();
            FloatWriter.Write(stream, p.Tensor.detach().ToArray<float>(), type, p.Name);
        }));
        SafetensorsWriter.Write(System.IO.Path.Combine(path, WeightsFile), sources, Metadata);
        var config = Encoding.UTF8.GetBytes(PeftConfigFile.Format(adapter.Options, baseName));
        CheckpointFile.Write(System.IO.Path.Combine(path, ConfigFile), stream => stream.Write(config));
    }

    /// <summary>Reads the weights; F16 and BF16 become float32.</summary>
    /// <param name="config">The shape of the base model.</param>
    /// <param name="streams">The run's random streams, for dropout.</param>
    /// <param name="device">Where to put them.</param>
    /// <exception cref="CheckpointException">The file is damaged, or a tensor is missing, extra or of another shape: file, tensor, reason.</exception>
    public LoraAdapter Load(ModelConfig config, RandomStreams streams, Device device)
    {
        ArgumentNullException.ThrowIfNull(config);
        var unknown = LoraLayout.FindUnknown(config, Options.Targets);
        if (unknown is not null)
        {
            throw new CheckpointException(
                $"{System.IO.Path.Combine(Path, ConfigFile)}: target_modules: the base model has no linear map '{Excerpt.Of(unknown)}' that can be adapted; valid: {string.Join(", ", LoraOptions.AllTargets)}");
        }

        using var file = SafetensorsFile.Open(FolderFile.Find(Path, WeightsFile));
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var module in LoraLayout.Of(config, Options.Targets))
        {
            Check(file, known, LoraAdapter.NameOfA(module), [Options.Rank, module.Columns]);
            Check(file, known, LoraAdapter.NameOfB(module), [module.Rows, Options.Rank]);
        }

        if (file.Entries.FirstOrDefault(entry => !known.Contains(entry.Name)) is { } extra)
        {
            throw Error(file, extra.Name, $"extra: {ConfigFile} has no such target");
        }

        return LoraAdapter.Create(config, Options, streams, device, (module, a, b) =>
        {
            Fill(file, LoraAdapter.NameOfA(module), a);
            Fill(file, LoraAdapter.NameOfB(module), b);
        });
    }

    private static void Check(SafetensorsFile file, HashSet<string> known, string name, long[] shape)
    {
        known.Add(name);
        var entry = file.Find(name) ?? throw Error(file, name, $"missing: {ConfigFile} and the base model ask for it");
        if (!entry.Shape.SequenceEqual(shape))
        {
            throw Error(file, name, $"shape [{string.Join(", ", entry.Shape.Take(8))}], but {ConfigFile} and the base model ask for [{string.Join(", ", shape)}]");
        }
    }

    private static void Fill(SafetensorsFile file, string name, Tensor tensor)
    {
        var values = new float[tensor.numel()];
        file.ReadFloat32(file.Find(name)!, 0, values);
        tensor.CopyFrom<float>(values);
    }

    private static CheckpointException Error(SafetensorsFile file, string name, string reason) =>
        new($"{file.Path}: {Excerpt.Of(name)}: {reason}; use the base model it was trained on");
}
