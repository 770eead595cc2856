using System.Runtime.InteropServices;
using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// The weights of one configuration as a safetensors file: every tensor present, none extra, all of the right shape.
/// Rows move through one small buffer, so the size of a model is bounded by its tensors alone.
/// </summary>
internal sealed class WeightFile : IDisposable
{
    private const int StagingElements = 1 << 20;

    private const int MaxDimsShown = 8;

    private const string Remedy = "use the config.json the weights came with";

    private static readonly Dictionary<string, string> Metadata = new() { ["format"] = "pt" };

    private readonly SafetensorsFile _file;
    private float[] _staging = [];

    private WeightFile(SafetensorsFile file) => _file = file;

    /// <summary>Opens a file and compares its tensors with the configuration before any is read.</summary>
    public static WeightFile Open(ModelConfig config, string path)
    {
        var file = SafetensorsFile.Open(path);
        try
        {
            CheckTensors(config, file);
            return new WeightFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes all parameters, each as its parts.</summary>
    public static void Write(string path, DecoderWeights weights)
    {
        var layout = ParameterLayout.Of(weights.Config);
        var staging = Array.Empty<float>();
        var sources = new List<SafetensorsSource>();
        for (var i = 0; i < layout.Count; i++)
        {
            var (spec, tensor) = (layout[i], weights.Parameters[i].Tensor);
            var firstRow = 0;
            foreach (var part in spec.Parts)
            {
                var first = firstRow;
                sources.Add(new SafetensorsSource(part.Name, SafetensorsType.F32, spec.ShapeOf(part.Rows), stream =>
                    ForEachChunk(spec, part.Rows, ref staging, (row, rows, values) =>
                    {
                        CopyRows(tensor, first + row, rows, values);
                        stream.Write(MemoryMarshal.AsBytes(values));
                    })));
                firstRow += part.Rows;
            }
        }

        SafetensorsWriter.Write(path, sources, Metadata);
    }

    /// <summary>Fills a parameter from its parts.</summary>
    public void Fill(ParameterSpec spec, Tensor tensor)
    {
        var firstRow = 0;
        foreach (var part in spec.Parts)
        {
            var (entry, first) = (_file.Find(part.Name)!, firstRow);
            ForEachChunk(spec, part.Rows, ref _staging, (row, rows, values) =>
            {
                _file.ReadFloat32(entry, spec.ElementsOf(row), values);
                using var target = tensor.narrow(0, first + row, rows);
                target.CopyFrom<float>(values);
            });
            firstRow += part.Rows;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static void CopyRows(Tensor tensor, int row, int rows, Span<float> values)
    {
        using var scope = new TensorScope();
        tensor.detach().narrow(0, row, rows).CopyTo(values);
    }

    private static void ForEachChunk(ParameterSpec spec, int rows, ref float[] staging, ChunkAction action)
    {
        var rowElements = (int)spec.ElementsOf(1);
        var chunkRows = Math.Min(rows, Math.Max(1, StagingElements / rowElements));
        if (staging.Length < chunkRows * rowElements)
        {
            staging = GC.AllocateUninitializedArray<float>(chunkRows * rowElements);
        }

        for (var row = 0; row < rows; row += chunkRows)
        {
            var count = Math.Min(chunkRows, rows - row);
            action(row, count, staging.AsSpan(0, count * rowElements));
        }
    }

    private static void CheckTensors(ModelConfig config, SafetensorsFile file)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var spec in ParameterLayout.Of(config))
        {
            foreach (var part in spec.Parts)
            {
                known.Add(part.Name);
                CheckTensor(file, part.Name, spec.ShapeOf(part.Rows));
            }
        }

        foreach (var entry in file.Entries)
        {
            // Old Llama exports store the rotary frequencies, which follow from the configuration.
            if (!known.Contains(entry.Name) && !entry.Name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal))
            {
                throw Error(file, entry.Name, $"extra: the model that config.json describes has no such tensor; {Remedy}");
            }
        }
    }

    private static void CheckTensor(SafetensorsFile file, string name, long[] shape)
    {
        var entry = file.Find(name)
            ?? throw Error(file, name, $"missing: the model that config.json describes needs it; {Remedy}");
        if (!entry.Shape.SequenceEqual(shape))
        {
            var found = string.Join(", ", entry.Shape.Take(MaxDimsShown));
            throw Error(file, name, $"shape [{found}], but config.json asks for [{string.Join(", ", shape)}]; {Remedy}");
        }
    }

    private static CheckpointException Error(SafetensorsFile file, string name, string reason) =>
        new($"{file.Path}: {Excerpt.Of(name)}: {reason}");

    private delegate void ChunkAction(int row, int rows, Span<float> values);
}
