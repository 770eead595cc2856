using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Writes a step's rollouts as one Parquet file (zstd): complete under its name, or not there. Not thread-safe.</summary>
internal sealed class RolloutFileWriter : IDisposable
{
    private const string Table = "rollouts";
    private readonly DuckDbConnection _database = new();
    private readonly RolloutRowWriter _rows;

    /// <param name="run">Name of the run, in every row.</param>
    /// <param name="rewardNames">Names of the parts of a reward that has several.</param>
    public RolloutFileWriter(string run, IReadOnlyList<string> rewardNames)
    {
        _rows = new RolloutRowWriter(run, rewardNames);

        // The trainer has the cores; one thread also keeps the rows of equal runs in equal files.
        _database.Execute($"SET threads = 1; {RolloutSchema.CreateTable(Table)}");
    }

    /// <summary>Writes one file.</summary>
    /// <exception cref="RolloutStoreException">DuckDB or the file system refused; there is no such file then.</exception>
    public void Write(string path, StoredStep step)
    {
        var partial = path + ".partial";
        try
        {
            using (var appender = new DuckDbAppender(_database, Table, RolloutSchema.Columns.Select(c => c.Type)))
            {
                _rows.Append(appender, step);
                appender.Flush();
            }

            var facts = DuckDbConnection.Literal(JsonSerializer.Serialize(step.Facts, StepFactsJson.Default.StepFacts));
            _database.Execute(
                $"COPY {Table} TO {DuckDbConnection.Literal(partial)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{StepFactsJson.Key}: {facts}}})");
            using (var file = File.OpenRead(partial))
            {
                RandomAccess.FlushToDisk(file.SafeFileHandle);
            }

            File.Move(partial, path, overwrite: true);
            DirectoryFlush.Flush(Path.GetDirectoryName(path)!);
        }
        catch (Exception error) when (error is RolloutStoreException || FileFault.IsFileFault(error))
        {
            File.Delete(partial);
            throw new RolloutStoreException($"cannot write {path}: {error.Message}; free some space or choose another folder with --run-dir", error);
        }
        finally
        {
            // Deleted rows would stay in memory until there are 122,880 of them.
            _database.Execute($"DROP TABLE {Table}; {RolloutSchema.CreateTable(Table)}");
        }
    }

    public void Dispose() => _database.Dispose();
}
