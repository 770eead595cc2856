using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Reads files of the rollout store back into what was written. One reading at a time.</summary>
internal sealed class RolloutStoreReader : IDisposable
{
    private readonly DuckDbConnection _database = new();
    private readonly LogContents _contents;

    public RolloutStoreReader(LogContents contents)
    {
        _contents = contents;

        // Each file is read once: a copy of it in DuckDB's memory is time and memory for nothing.
        _database.Execute("SET enable_external_file_cache = false");
    }

    /// <summary>Refuses a file of another version of the schema.</summary>
    public static void CheckVersion(DuckDbConnection database, string path)
    {
        using var result = database.Query($"SELECT schema_version FROM read_parquet({DuckDbConnection.Literal(path)}) LIMIT 1");
        var version = result.ReadAll((c, r) => c.Integer(0, r)).DefaultIfEmpty(RolloutSchema.Version).Single();
        if (version != RolloutSchema.Version)
        {
            throw new RolloutStoreException(
                $"{path}: version {version} of the rollout store, which lacks what a replay needs; this program replays version {RolloutSchema.Version}: "
                + "train again, or take it as a foreign log: query its rollouts into a JSONL file");
        }
    }

    /// <summary>The metadata of files, by file.</summary>
    public static Dictionary<string, StepFacts> ReadFacts(DuckDbConnection database, IReadOnlyList<string> files)
    {
        using var result = database.Query(
            $"SELECT file_name, decode(value) FROM parquet_kv_metadata({List(files)}) WHERE decode(key) = '{StepFactsJson.Key}'");
        var facts = result.ReadAll((c, r) => (File: c.Text(0, r), Json: c.Text(1, r))).ToDictionary(f => f.File, f => Parse(f.File, f.Json));
        return files.FirstOrDefault(f => !facts.ContainsKey(f)) is { } missing
            ? throw new RolloutStoreException($"{missing}: has no metadata '{StepFactsJson.Key}'; copy the run's files as they are")
            : facts;
    }

    /// <summary>The steps of some files, in their order, each when it has been read: little more than one is in memory.</summary>
    /// <exception cref="RolloutStoreException">A file is damaged.</exception>
    public IEnumerable<LoggedStep> Read(IReadOnlyList<string> files)
    {
        var facts = Named(files, () => ReadFacts(_database, files));
        var rows = new RolloutRowReader(_contents);
        using var result = Named(files, () => _database.Stream($"SELECT {rows.Columns} FROM read_parquet({List(files)})"));
        var at = 0;
        var step = Begin(at);
        while (Named(files, result.Fetch) is { } chunk)
        {
            using (chunk)
            {
                for (var row = 0; row < chunk.RowCount; row = Named(files, () => rows.AddFile(chunk, row, step)))
                {
                    // A file without rows is a step without rollouts.
                    for (var file = (int)chunk.Integer(RolloutRowReader.FileColumn, row); at != file; step = Begin(++at))
                    {
                        yield return step.ToStep();
                    }
                }
            }
        }

        for (; at < files.Count - 1; step = Begin(++at))
        {
            yield return step.ToStep();
        }

        yield return step.ToStep();

        StepRows Begin(int file) => file < files.Count ? new StepRows(files[file], facts[files[file]])
            : throw new RolloutStoreException($"{files[0]} to {Path.GetFileName(files[^1])}: DuckDB gives the files' rows out of order; this is a fault of RolloutLab");
    }

    public void Dispose() => _database.Dispose();

    /// <summary>An error of some files, with their names.</summary>
    private static T Named<T>(IReadOnlyList<string> files, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (RolloutStoreException error) when (!files.Any(f => error.Message.Contains(f, StringComparison.Ordinal)))
        {
            throw new RolloutStoreException($"{files[0]} to {Path.GetFileName(files[^1])}: {error.Message}", error);
        }
        catch (Exception error) when (error is InvalidCastException or OverflowException or ArgumentException)
        {
            throw new RolloutStoreException($"{files[0]} to {Path.GetFileName(files[^1])}: not what the store writes: {error.Message}; copy the run's files again", error);
        }
    }

    private static string List(IEnumerable<string> paths) => $"[{string.Join(", ", paths.Select(DuckDbConnection.Literal))}]";

    private static StepFacts Parse(string file, string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, StepFactsJson.Default.StepFacts) ?? throw new JsonException("empty");
        }
        catch (JsonException error)
        {
            throw new RolloutStoreException($"{file}: its metadata is damaged; copy the run's file again", error);
        }
    }
}
