using System.Runtime.InteropServices;
using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>The type of an appended column.</summary>
public enum DuckDbColumn
{
    /// <summary>32-bit whole numbers (<c>INTEGER</c>).</summary>
    Integer,

    /// <summary>64-bit whole numbers (<c>BIGINT</c>).</summary>
    BigInt,

    /// <summary>Single precision (<c>FLOAT</c>).</summary>
    Float,

    /// <summary>Double precision (<c>DOUBLE</c>).</summary>
    Double,

    /// <summary>UTF-8 text (<c>VARCHAR</c>).</summary>
    Text,

    /// <summary>Lists of 32-bit whole numbers (<c>INTEGER[]</c>).</summary>
    Integers,

    /// <summary>Lists of single-precision numbers (<c>FLOAT[]</c>).</summary>
    Floats,

    /// <summary>Lists of text (<c>VARCHAR[]</c>).</summary>
    Texts,

    /// <summary>Single-precision numbers by name (<c>MAP(VARCHAR, FLOAT)</c>).</summary>
    NamedFloats,
}

/// <summary>
/// Appends rows to a table, a vector of rows at a time, without SQL. For each row the columns are given in their order,
/// then <see cref="EndRow"/>.
/// </summary>
public sealed unsafe class DuckDbAppender : IDisposable
{
    private readonly DuckDbColumn[] _columns;
    private readonly int _capacity = (int)DuckDbNative.duckdb_vector_size();
    private readonly long[] _listSizes;
    private nint _appender;
    private nint _chunk;
    private int _row;
    private int _column;

    /// <summary>Starts appending.</summary>
    /// <param name="connection">The database; must outlive the appender.</param>
    /// <param name="table">A table with exactly these columns.</param>
    /// <param name="columns">The columns' types, in order.</param>
    /// <exception cref="RolloutStoreException">There is no such table.</exception>
    public DuckDbAppender(DuckDbConnection connection, string table, IEnumerable<DuckDbColumn> columns)
    {
        ArgumentNullException.ThrowIfNull(connection);
        _columns = [.. columns];
        _listSizes = new long[_columns.Length];
        if (DuckDbNative.duckdb_appender_create(connection.Handle, null, table, out _appender) != 0)
        {
            var message = Fault();
            Dispose();
            throw new RolloutStoreException(message);
        }

        _chunk = CreateChunk();
    }

    /// <summary>The SQL name of a column type.</summary>
    public static string SqlName(DuckDbColumn column) => column switch
    {
        DuckDbColumn.Integer => "INTEGER",
        DuckDbColumn.BigInt => "BIGINT",
        DuckDbColumn.Float => "FLOAT",
        DuckDbColumn.Double => "DOUBLE",
        DuckDbColumn.Text => "VARCHAR",
        DuckDbColumn.Integers => "INTEGER[]",
        DuckDbColumn.Floats => "FLOAT[]",
        DuckDbColumn.Texts => "VARCHAR[]",
        DuckDbColumn.NamedFloats => "MAP(VARCHAR, FLOAT)",
        _ => throw new ArgumentOutOfRangeException(nameof(column), column, "unknown column type"),
    };

    /// <summary>Gives the next column a whole number; null for none.</summary>
    public void Add(long? value)
    {
        var vector = Next(out var column);
        if (value is not { } number)
        {
            SetNull(vector);
        }
        else if (column == DuckDbColumn.Integer)
        {
            ((int*)Data(vector))[_row] = checked((int)number);
        }
        else
        {
            Require(column == DuckDbColumn.BigInt, column);
            ((long*)Data(vector))[_row] = number;
        }
    }

    /// <summary>Gives the next column a number; null for none.</summary>
    public void Add(double? value)
    {
        var vector = Next(out var column);
        if (value is not { } number)
        {
            SetNull(vector);
        }
        else if (column == DuckDbColumn.Float)
        {
            ((float*)Data(vector))[_row] = (float)number;
        }
        else
        {
            Require(column == DuckDbColumn.Double, column);
            ((double*)Data(vector))[_row] = number;
        }
    }

    /// <summary>Gives the next column text; null for none.</summary>
    public void Add(string? value)
    {
        var vector = Next(out var column);
        Require(column == DuckDbColumn.Text, column);
        if (value is null)
        {
            SetNull(vector);
        }
        else
        {
            Assign(vector, _row, value);
        }
    }

    /// <summary>Gives the next column a list of whole numbers.</summary>
    public void Add(ReadOnlySpan<int> values)
    {
        var child = NextList(DuckDbColumn.Integers, values.Length, out var offset);
        values.CopyTo(new Span<int>((int*)Data(child) + offset, values.Length));
    }

    /// <summary>Gives the next column a list of numbers.</summary>
    public void Add(ReadOnlySpan<float> values)
    {
        var child = NextList(DuckDbColumn.Floats, values.Length, out var offset);
        values.CopyTo(new Span<float>((float*)Data(child) + offset, values.Length));
    }

    /// <summary>Gives the next column a list of texts.</summary>
    public void Add(IReadOnlyList<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var child = NextList(DuckDbColumn.Texts, values.Count, out var offset);
        for (var i = 0; i < values.Count; i++)
        {
            Assign(child, offset + i, values[i]);
        }
    }

    /// <summary>Gives the next column numbers by name, each name once.</summary>
    public void Add(IReadOnlyList<KeyValuePair<string, float>> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var entries = NextList(DuckDbColumn.NamedFloats, values.Count, out var offset);
        var (keys, numbers) = (DuckDbNative.duckdb_struct_vector_get_child(entries, 0), DuckDbNative.duckdb_struct_vector_get_child(entries, 1));
        for (var i = 0; i < values.Count; i++)
        {
            Assign(keys, offset + i, values[i].Key);
            ((float*)Data(numbers))[offset + i] = values[i].Value;
        }
    }

    /// <summary>Ends the row.</summary>
    /// <exception cref="InvalidOperationException">Not every column was given.</exception>
    /// <exception cref="RolloutStoreException">DuckDB refused the rows.</exception>
    public void EndRow()
    {
        if (_column != _columns.Length)
        {
            throw new InvalidOperationException($"{_column} of {_columns.Length} columns were given");
        }

        _column = 0;
        if (++_row == _capacity)
        {
            AppendChunk();
        }
    }

    /// <summary>Hands all ended rows to the table.</summary>
    /// <exception cref="RolloutStoreException">DuckDB refused the rows.</exception>
    public void Flush()
    {
        AppendChunk();
        Check(DuckDbNative.duckdb_appender_flush(_appender));
    }

    /// <summary>Ends appending; rows that were not flushed may be lost.</summary>
    public void Dispose()
    {
        if (_chunk != 0)
        {
            DuckDbNative.duckdb_destroy_data_chunk(ref _chunk);
        }

        if (_appender != 0)
        {
            _ = DuckDbNative.duckdb_appender_destroy(ref _appender);
        }
    }

    private static void* Data(nint vector) => DuckDbNative.duckdb_vector_get_data(vector);

    private static void Require(bool fits, DuckDbColumn column)
    {
        if (!fits)
        {
            throw new InvalidOperationException($"the next column is of type {column}");
        }
    }

    private static void Assign(nint vector, long index, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        fixed (byte* text = bytes)
        {
            DuckDbNative.duckdb_vector_assign_string_element_len(vector, (ulong)index, text, (ulong)bytes.Length);
        }
    }

    private static nint LogicalType(DuckDbColumn column)
    {
        if (column == DuckDbColumn.NamedFloats)
        {
            var (key, value) = (DuckDbNative.duckdb_create_logical_type(DuckDbType.Varchar), DuckDbNative.duckdb_create_logical_type(DuckDbType.Float));
            var map = DuckDbNative.duckdb_create_map_type(key, value);
            DuckDbNative.duckdb_destroy_logical_type(ref key);
            DuckDbNative.duckdb_destroy_logical_type(ref value);
            return map;
        }

        var element = DuckDbNative.duckdb_create_logical_type(column switch
        {
            DuckDbColumn.Integer or DuckDbColumn.Integers => DuckDbType.Integer,
            DuckDbColumn.BigInt => DuckDbType.BigInt,
            DuckDbColumn.Float or DuckDbColumn.Floats => DuckDbType.Float,
            DuckDbColumn.Double => DuckDbType.Double,
            _ => DuckDbType.Varchar,
        });
        if (column < DuckDbColumn.Integers)
        {
            return element;
        }

        var list = DuckDbNative.duckdb_create_list_type(element);
        DuckDbNative.duckdb_destroy_logical_type(ref element);
        return list;
    }

    private nint CreateChunk()
    {
        var types = Array.ConvertAll(_columns, LogicalType);
        try
        {
            fixed (nint* first = types)
            {
                return DuckDbNative.duckdb_create_data_chunk(first, (ulong)types.Length);
            }
        }
        finally
        {
            for (var i = 0; i < types.Length; i++)
            {
                DuckDbNative.duckdb_destroy_logical_type(ref types[i]);
            }
        }
    }

    private nint Next(out DuckDbColumn column)
    {
        if (_column == _columns.Length)
        {
            throw new InvalidOperationException($"the row has only {_columns.Length} columns");
        }

        column = _columns[_column];
        return DuckDbNative.duckdb_data_chunk_get_vector(_chunk, (ulong)_column++);
    }

    private nint NextList(DuckDbColumn type, int count, out long offset)
    {
        var index = _column;
        var vector = Next(out var column);
        Require(column == type, column);
        offset = _listSizes[index];
        var size = (ulong)(offset + count);
        Check(DuckDbNative.duckdb_list_vector_reserve(vector, size));
        Check(DuckDbNative.duckdb_list_vector_set_size(vector, size));
        _listSizes[index] += count;
        var entry = (ulong*)Data(vector) + (2L * _row);
        (entry[0], entry[1]) = ((ulong)offset, (ulong)count);
        return DuckDbNative.duckdb_list_vector_get_child(vector);
    }

    private void SetNull(nint vector)
    {
        DuckDbNative.duckdb_vector_ensure_validity_writable(vector);
        DuckDbNative.duckdb_vector_get_validity(vector)[_row / 64] &= ~(1UL << (_row % 64));
    }

    private void AppendChunk()
    {
        if (_row == 0)
        {
            return;
        }

        DuckDbNative.duckdb_data_chunk_set_size(_chunk, (ulong)_row);
        Check(DuckDbNative.duckdb_append_data_chunk(_appender, _chunk));
        DuckDbNative.duckdb_data_chunk_reset(_chunk);
        Array.Clear(_listSizes);
        _row = 0;
    }

    private void Check(int state)
    {
        if (state != 0)
        {
            throw new RolloutStoreException(Fault());
        }
    }

    private string Fault() => DuckDbConnection.OneLine(Marshal.PtrToStringUTF8(DuckDbNative.duckdb_appender_error(_appender)) ?? "DuckDB refused the rows");
}
