using System.Runtime.InteropServices;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// A DuckDB database in memory, with one connection. It reads and writes Parquet, JSONL and CSV by their paths in SQL.
/// One thread at a time, but for <see cref="Interrupt"/> and <see cref="Progress"/>.
/// </summary>
public sealed class DuckDbConnection : IDisposable
{
    private nint _database;
    private nint _connection;

    /// <summary>Opens an empty database.</summary>
    /// <exception cref="SetupException">DuckDB is not installed.</exception>
    /// <exception cref="RolloutStoreException">It does not start.</exception>
    public DuckDbConnection()
    {
        if (DuckDbNative.duckdb_open(null, out _database) != 0 || DuckDbNative.duckdb_connect(_database, out _connection) != 0)
        {
            Dispose();
            throw new RolloutStoreException("DuckDB does not start; is there memory left?");
        }

        // Results must not depend on the machine's cores or on what is installed beside; nothing is fetched.
        Execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false; SET preserve_insertion_order = true");
    }

    internal nint Handle => _connection;

    /// <summary>
    /// Share of the running query that is done, in [0, 1]; null where none runs, or DuckDB does not know. For any thread, while the
    /// connection is open and after <see cref="WatchProgress"/>.
    /// </summary>
    public double? Progress => DuckDbNative.duckdb_query_progress(_connection).Percentage is >= 0 and var percentage ? percentage / 100 : null;

    /// <summary>Has DuckDB keep <see cref="Progress"/>.</summary>
    public void WatchProgress() => Execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0");

    /// <summary>Ends the running query, which then throws <see cref="RolloutStoreException"/>. For any thread, while the connection is open.</summary>
    public void Interrupt() => DuckDbNative.duckdb_interrupt(_connection);

    /// <summary>Text as an SQL literal, quoted.</summary>
    public static string Literal(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
    }

    /// <summary>A name as an SQL identifier, quoted.</summary>
    public static string Identifier(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>Runs statements whose result is not wanted.</summary>
    /// <exception cref="RolloutStoreException">DuckDB refused: its message.</exception>
    public void Execute(string sql)
    {
        using var result = Query(sql);
    }

    /// <summary>Runs a query.</summary>
    /// <returns>The result; the caller disposes it.</returns>
    /// <exception cref="RolloutStoreException">DuckDB refused: its message.</exception>
    public DuckDbResult Query(string sql)
    {
        ArgumentException.ThrowIfNullOrEmpty(sql);
        ObjectDisposedException.ThrowIf(_connection == 0, this);
        if (DuckDbNative.duckdb_query(_connection, sql, out var data) == 0)
        {
            return new DuckDbResult(data);
        }

        throw Refused(ref data);
    }

    /// <summary>Runs a query whose rows are made while they are fetched, so that a result of any size needs little memory.</summary>
    /// <returns>The result; the caller disposes it before anything else is asked of this connection.</returns>
    /// <exception cref="RolloutStoreException">DuckDB refused: its message.</exception>
    public DuckDbResult Stream(string sql)
    {
        ArgumentException.ThrowIfNullOrEmpty(sql);
        ObjectDisposedException.ThrowIf(_connection == 0, this);
        var prepared = DuckDbNative.duckdb_prepare(_connection, sql, out var statement);
        try
        {
            if (prepared != 0)
            {
                throw new RolloutStoreException(OneLine(Marshal.PtrToStringUTF8(DuckDbNative.duckdb_prepare_error(statement)) ?? "unknown error"));
            }

            return DuckDbNative.duckdb_execute_prepared_streaming(statement, out var data) == 0 ? new DuckDbResult(data) : throw Refused(ref data);
        }
        finally
        {
            DuckDbNative.duckdb_destroy_prepare(ref statement);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_connection != 0)
        {
            DuckDbNative.duckdb_disconnect(ref _connection);
        }

        if (_database != 0)
        {
            DuckDbNative.duckdb_close(ref _database);
        }
    }

    private static RolloutStoreException Refused(ref DuckDbResultData data)
    {
        var message = Marshal.PtrToStringUTF8(DuckDbNative.duckdb_result_error(ref data)) ?? "unknown error";
        DuckDbNative.duckdb_destroy_result(ref data);
        return new RolloutStoreException(OneLine(message));
    }

    /// <summary>DuckDB's message up to where it begins to quote the statement.</summary>
    internal static string OneLine(string message)
    {
        var lines = message.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Join(' ', lines.TakeWhile(line => !line.StartsWith("LINE ", StringComparison.Ordinal)));
    }
}
