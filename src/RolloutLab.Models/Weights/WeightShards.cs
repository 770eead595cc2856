using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>The weight files of a model as one: a single safetensors file, or the shards that an index names. Owns the open files.</summary>
internal sealed class WeightShards : IDisposable
{
    // Far more than any model has; each shard is an open file.
    private const int MaxShards = 1024;

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> _tensors = new(StringComparer.Ordinal);

    private WeightShards(string path) => Path = path;

    /// <summary>What messages about all of it name: the single file, or the index.</summary>
    public string Path { get; }

    /// <summary>Every tensor with the file it is in.</summary>
    public IEnumerable<(SafetensorsFile File, SafetensorsEntry Entry)> Tensors => _tensors.Values;

    /// <summary>Opens a file, or a folder with <c>model.safetensors</c> or else <c>model.safetensors.index.json</c>.</summary>
    /// <exception cref="CheckpointException">A file is missing, damaged or hostile, or index and shards contradict each other.</exception>
    public static WeightShards Open(string path)
    {
        var index = System.IO.Path.Combine(path, ShardIndex.FileName);
        var isFolder = Directory.Exists(path);
        var isSharded = isFolder && File.Exists(index) && !File.Exists(System.IO.Path.Combine(path, ModelFolder.WeightsFile));
        var shards = new WeightShards(isSharded ? index : isFolder ? System.IO.Path.Combine(path, ModelFolder.WeightsFile) : path);
        try
        {
            if (isSharded)
            {
                FolderFile.Find(path, ShardIndex.FileName);
                shards.AddShards(path, ShardIndex.Read(index));
            }
            else
            {
                shards.Add(isFolder ? FolderFile.Find(path, ModelFolder.WeightsFile) : path);
            }

            return shards;
        }
        catch
        {
            shards.Dispose();
            throw;
        }
    }

    /// <summary>A tensor with its file, or null.</summary>
    public (SafetensorsFile File, SafetensorsEntry Entry)? Find(string name) => _tensors.TryGetValue(name, out var found) ? found : null;

    /// <summary>Closes the files.</summary>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private void AddShards(string folder, IReadOnlyDictionary<string, string> map)
    {
        var names = map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (names.Count > MaxShards)
        {
            throw new CheckpointException($"{Path}: names {names.Count} shards, but at most {MaxShards} are read");
        }

        foreach (var name in names)
        {
            Add(FolderFile.Find(folder, name, Path));
        }

        foreach (var (tensor, file) in map)
        {
            if (Find(tensor) is not var (shard, _) || System.IO.Path.GetFileName(shard.Path) != file)
            {
                throw Error(System.IO.Path.Combine(folder, file), tensor, $"missing, though {ShardIndex.FileName} says it is in this file");
            }
        }

        foreach (var (file, entry) in Tensors)
        {
            if (!map.ContainsKey(entry.Name))
            {
                throw Error(file.Path, entry.Name, $"extra: {ShardIndex.FileName} does not name it");
            }
        }
    }

    private void Add(string path)
    {
        var file = SafetensorsFile.Open(path);
        _files.Add(file);
        foreach (var entry in file.Entries)
        {
            if (!_tensors.TryAdd(entry.Name, (file, entry)))
            {
                throw Error(path, entry.Name, $"also in {System.IO.Path.GetFileName(_tensors[entry.Name].File.Path)}; a tensor belongs to one shard");
            }
        }
    }

    private static CheckpointException Error(string path, string name, string reason) =>
        new($"{path}: {Excerpt.Of(name)}: {reason}; copy the whole model folder again");
}
