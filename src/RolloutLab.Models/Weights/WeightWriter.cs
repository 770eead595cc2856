using System.Globalization;

namespace RolloutLab.Models;

/// <summary>
/// Writes the weights of a model under Hugging Face's names: one file, or shards with an index where it would be too large.
/// The bytes depend on the values, the type and the size of a shard alone.
/// </summary>
internal static class WeightWriter
{
    private static readonly Dictionary<string, string> Metadata = new() { ["format"] = "pt" };

    /// <summary>Writes one file.</summary>
    public static void WriteFile(string path, DecoderWeights weights, SafetensorsType type = SafetensorsType.F32) =>
        SafetensorsWriter.Write(path, Sources(weights, type), Metadata);

    /// <summary>
    /// Writes <c>model.safetensors</c> into a folder, or <c>model-00001-of-0000N.safetensors</c> and their index where all
    /// tensors exceed <paramref name="maxShardBytes"/>. Weight files of another division that were there are deleted.
    /// </summary>
    /// <param name="folder">The folder; exists.</param>
    /// <param name="weights">The model.</param>
    /// <param name="type">F32, F16 or BF16; narrow types are rounded to the nearest, ties to even.</param>
    /// <param name="maxShardBytes">Most bytes of tensors in a file; a larger tensor has one of its own.</param>
    /// <param name="written">Told of the bytes as they are written; null for nobody.</param>
    public static void WriteFolder(string folder, DecoderWeights weights, SafetensorsType type, long maxShardBytes, Action<long>? written = null)
    {
        var sources = Sources(weights, type, written);
        var shards = Divide(sources, maxShardBytes);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < shards.Count; i++)
        {
            var name = shards.Count == 1
                ? ModelFolder.WeightsFile
                : string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors");
            names.Add(name);
            shards[i].ForEach(source => map[source.Name] = name);
            SafetensorsWriter.Write(Path.Combine(folder, name), shards[i], Metadata);
        }

        if (shards.Count > 1)
        {
            names.Add(ShardIndex.FileName);
            ShardIndex.Write(Path.Combine(folder, ShardIndex.FileName), map, sources.Sum(source => source.ByteCount));
        }

        RemoveOthers(folder, names);
    }

    private static List<List<SafetensorsSource>> Divide(List<SafetensorsSource> sources, long maxShardBytes)
    {
        var shards = new List<List<SafetensorsSource>> { new() };
        long bytes = 0;
        foreach (var source in sources)
        {
            if (shards[^1].Count > 0 && bytes + source.ByteCount > maxShardBytes)
            {
                shards.Add([]);
                bytes = 0;
            }

            shards[^1].Add(source);
            bytes += source.ByteCount;
        }

        return shards;
    }

    private static void RemoveOthers(string folder, HashSet<string> written)
    {
        foreach (var path in Directory.GetFiles(folder, "model*"))
        {
            var name = Path.GetFileName(path);
            var isWeights = name is ModelFolder.WeightsFile or ShardIndex.FileName
                || (name.StartsWith("model-", StringComparison.Ordinal) && name.Contains("-of-", StringComparison.Ordinal) && name.EndsWith(".safetensors", StringComparison.Ordinal));
            if (isWeights && !written.Contains(name))
            {
                File.Delete(path);
            }
        }
    }

    private static List<SafetensorsSource> Sources(DecoderWeights weights, SafetensorsType type, Action<long>? written = null)
    {
        var layout = ParameterLayout.Of(weights.Config);
        var chunks = new RowChunks();
        var sources = new List<SafetensorsSource>();
        for (var i = 0; i < layout.Count; i++)
        {
            var (spec, tensor) = (layout[i], weights.Parameters[i].Tensor);
            var firstRow = 0;
            foreach (var part in spec.Parts)
            {
                var first = firstRow;
                sources.Add(new SafetensorsSource(part.Name, type, spec.ShapeOf(part.Rows), stream =>
                    chunks.ForEach(spec, part.Rows, (row, rows, values) =>
                    {
                        RowChunks.Copy(tensor, first + row, rows, values);
                        FloatWriter.Write(stream, values, type, part.Name);
                        written?.Invoke((long)values.Length * type.ByteSize());
                    })));
                firstRow += part.Rows;
            }
        }

        return sources;
    }
}
