using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Parquet files through DuckDB. Each call opens a database of its own, so that calls may run beside each other.</summary>
public sealed class DuckDbParquetReader : IParquetReader
{
    /// <inheritdoc/>
    public ParquetLayout Describe(string path)
    {
        Require(path);
        using var database = new DuckDbConnection();
        return Named(path, () =>
        {
            using var columns = database.Query($"SELECT column_name FROM (DESCRIBE SELECT * FROM {Source(path)})");
            using var rows = database.Query($"SELECT count(*) FROM {Source(path)}");
            return new ParquetLayout(columns.ReadAll((chunk, row) => chunk.Text(0, row)), rows.ReadAll((chunk, row) => chunk.Integer(0, row))[0]);
        });
    }

    /// <inheritdoc/>
    public IEnumerable<string> Rows(string path, IReadOnlyList<string> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        Require(path);
        return Read(path, columns);
    }

    private static IEnumerable<string> Read(string path, IReadOnlyList<string> columns)
    {
        // A row without columns is an object without fields, which SQL has no word for.
        var row = columns.Count == 0 ? "'{}'" : "CAST(to_json(t) AS VARCHAR)";
        var selected = columns.Count == 0 ? "1" : string.Join(", ", columns.Select(DuckDbConnection.Identifier));
        using var database = new DuckDbConnection();
        using var result = Named(path, () => database.Stream($"SELECT {row} FROM (SELECT {selected} FROM {Source(path)}) t"));
        while (Named(path, result.Fetch) is { } chunk)
        {
            using (chunk)
            {
                for (var i = 0; i < chunk.RowCount; i++)
                {
                    yield return chunk.Text(0, i);
                }
            }
        }
    }

    private static string Source(string path) => $"read_parquet({DuckDbConnection.Literal(WithoutWildcards(path))})";

    /// <summary>The path with what DuckDB would take for a pattern in brackets, where it stands for itself.</summary>
    private static string WithoutWildcards(string path)
    {
        var text = new StringBuilder(path.Length);
        foreach (var c in path)
        {
            text.Append(c is '*' or '?' or '[' ? $"[{c}]" : c.ToString());
        }

        return text.ToString();
    }

    private static void Require(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new DataException($"{path}: no such file; check the path");
        }
    }

    private static T Named<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (RolloutStoreException error)
        {
            throw new DataException($"{path}: cannot be read as Parquet ({error.Message})", error);
        }
    }
}
