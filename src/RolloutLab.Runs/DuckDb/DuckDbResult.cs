using System.Runtime.InteropServices;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>The rows of a query, in chunks of up to a few thousand.</summary>
public sealed class DuckDbResult : IDisposable
{
    private readonly DuckDbType[] _types;
    private DuckDbResultData _data;
    private bool _disposed;

    internal DuckDbResult(DuckDbResultData data)
    {
        _data = data;
        var count = (int)DuckDbNative.duckdb_column_count(ref _data);
        _types = new DuckDbType[count];
        var names = new string[count];
        for (var i = 0; i < count; i++)
        {
            _types[i] = DuckDbNative.duckdb_column_type(ref _data, (ulong)i);
            names[i] = Marshal.PtrToStringUTF8(DuckDbNative.duckdb_column_name(ref _data, (ulong)i)) ?? "";
        }

        Columns = names;
    }

    /// <summary>Names of the columns.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The next rows; null after the last. A chunk is valid until the next call.</summary>
    /// <returns>The chunk; the caller disposes it.</returns>
    /// <exception cref="RolloutStoreException">The rows are made while they are fetched, and that failed: DuckDB's message.</exception>
    public DuckDbChunk? Fetch()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var chunk = DuckDbNative.duckdb_fetch_chunk(_data);
        return chunk != 0 ? new DuckDbChunk(chunk, _types)
            : Marshal.PtrToStringUTF8(DuckDbNative.duckdb_result_error(ref _data)) is { Length: > 0 } message
                ? throw new RolloutStoreException(DuckDbConnection.OneLine(message))
                : null;
    }

    /// <summary>All rows, read one by one.</summary>
    /// <param name="read">Reads row <c>row</c> of a chunk.</param>
    public List<T> ReadAll<T>(Func<DuckDbChunk, int, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        var rows = new List<T>();
        while (Fetch() is { } chunk)
        {
            using (chunk)
            {
                for (var row = 0; row < chunk.RowCount; row++)
                {
                    rows.Add(read(chunk, row));
                }
            }
        }

        return rows;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            DuckDbNative.duckdb_destroy_result(ref _data);
            _disposed = true;
        }
    }
}
