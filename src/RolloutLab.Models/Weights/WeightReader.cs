using System.Runtime.InteropServices;
using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// The weights of one configuration in its files: every tensor present, none extra, all of the right shape. Float types
/// become that of the tensor on the way.
/// </summary>
internal sealed class WeightReader : IDisposable
{
    private const int MaxDimsShown = 8;

    private const string Embedding = "model.embed_tokens.weight";

    private const string Head = "lm_head.weight";

    private const string Remedy = "use the config.json the weights came with";

    private readonly WeightShards _shards;
    private readonly RowChunks _chunks = new();

    private WeightReader(WeightShards shards) => _shards = shards;

    /// <summary>Opens a file or a folder and compares its tensors with the configuration before any is read.</summary>
    public static WeightReader Open(ModelConfig config, string path)
    {
        var reader = new WeightReader(WeightShards.Open(path));
        try
        {
            reader.CheckTensors(config);
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Fills a parameter from its parts.</summary>
    public void Fill(ParameterSpec spec, Tensor tensor)
    {
        var firstRow = 0;
        foreach (var part in spec.Parts)
        {
            var ((file, entry), first) = (_shards.Find(part.Name)!.Value, firstRow);
            _chunks.ForEach(spec, part.Rows, (row, rows, values) =>
            {
                file.ReadFloat32(entry, spec.ElementsOf(row), values);
                RowChunks.Store(values, tensor, first + row, rows);
            });
            firstRow += part.Rows;
        }
    }

    /// <summary>Closes the files.</summary>
    public void Dispose() => _shards.Dispose();

    private void CheckTensors(ModelConfig config)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var spec in ParameterLayout.Of(config))
        {
            foreach (var part in spec.Parts)
            {
                known.Add(part.Name);
                CheckTensor(part.Name, spec.ShapeOf(part.Rows));
            }
        }

        if (config.TieWordEmbeddings && known.Add(Head) && _shards.Find(Head) is not null)
        {
            CheckTensor(Head, [config.VocabularySize, config.HiddenSize]);
            CheckTiedHead(ParameterLayout.Of(config)[0]);
        }

        foreach (var (file, entry) in _shards.Tensors)
        {
            // Old Llama exports store the rotary frequencies, which follow from the configuration.
            if (!known.Contains(entry.Name) && !entry.Name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal))
            {
                throw Error(file.Path, entry.Name, $"extra: the model that config.json describes has no such tensor; {Remedy}");
            }
        }
    }

    private void CheckTensor(string name, long[] shape)
    {
        if (_shards.Find(name) is not var (file, entry))
        {
            throw Error(_shards.Path, name, $"missing: the model that config.json describes needs it; {Remedy}");
        }

        if (!entry.Shape.SequenceEqual(shape))
        {
            var found = string.Join(", ", entry.Shape.Take(MaxDimsShown));
            throw Error(file.Path, name, $"shape [{found}], but config.json asks for [{string.Join(", ", shape)}]; {Remedy}");
        }
    }

    /// <summary>Some files repeat a tied head, which is then the embedding, element by element.</summary>
    private void CheckTiedHead(ParameterSpec embedding)
    {
        var (first, second) = (_shards.Find(Embedding)!.Value, _shards.Find(Head)!.Value);
        float[] other = [];
        _chunks.ForEach(embedding, embedding.Rows, (row, _, values) =>
        {
            first.File.ReadFloat32(first.Entry, embedding.ElementsOf(row), values);
            if (other.Length < values.Length)
            {
                other = new float[values.Length];
            }

            second.File.ReadFloat32(second.Entry, embedding.ElementsOf(row), other.AsSpan(0, values.Length));
            if (!MemoryMarshal.AsBytes(values).SequenceEqual(MemoryMarshal.AsBytes(other.AsSpan(0, values.Length))))
            {
                throw Error(second.File.Path, Head, $"differs from {Embedding}, but config.json ties the two; set tie_word_embeddings to false or {Remedy}");
            }
        });
    }

    private static CheckpointException Error(string path, string name, string reason) => new($"{path}: {Excerpt.Of(name)}: {reason}");
}
