using System.Text;

namespace RolloutLab.Runs;

/// <summary>Some rows of a result, by column and row. Reading a value as another kind than its column's throws <see cref="InvalidCastException"/>.</summary>
public sealed unsafe class DuckDbChunk : IDisposable
{
    private readonly Column[] _columns;
    private nint _chunk;

    internal DuckDbChunk(nint chunk, DuckDbType[] types)
    {
        _chunk = chunk;
        RowCount = (int)DuckDbNative.duckdb_data_chunk_get_size(chunk);
        _columns = new Column[types.Length];
        for (var i = 0; i < types.Length; i++)
        {
            _columns[i] = new Column(DuckDbNative.duckdb_data_chunk_get_vector(chunk, (ulong)i), types[i]);
        }
    }

    /// <summary>Number of rows.</summary>
    public int RowCount { get; }

    /// <summary>Whether a value is absent.</summary>
    public bool IsNull(int column, int row) => _columns[column].IsNull(row);

    /// <summary>A whole number of any width, or a truth value as 0 or 1.</summary>
    public long Integer(int column, int row) => _columns[column].Integer(row);

    /// <summary>A number of any kind.</summary>
    public double Number(int column, int row) => _columns[column].Number(row);

    /// <summary>Text.</summary>
    public string Text(int column, int row) => _columns[column].Text(row);

    /// <summary>Text, or null where the value is absent.</summary>
    public string? TextOrNull(int column, int row) => IsNull(column, row) ? null : Text(column, row);

    /// <summary>The bytes of a text, in the chunk's own memory: gone when it is disposed.</summary>
    public ReadOnlySpan<byte> Utf8(int column, int row) => _columns[column].Utf8(row);

    /// <summary>A short text without a string of its own; false where it does not fit.</summary>
    public bool TryText(int column, int row, Span<char> buffer, out ReadOnlySpan<char> text)
    {
        var utf8 = _columns[column].Utf8(row);
        text = utf8.Length <= buffer.Length ? buffer[..Encoding.UTF8.GetChars(utf8, buffer)] : default;
        return utf8.Length <= buffer.Length;
    }

    /// <summary>A list of whole numbers; empty where the value is absent.</summary>
    public int[] Integers(int column, int row) => List(column, row, DuckDbType.Integer, (elements, i) => checked((int)elements.Integer(i)));

    /// <summary>A list of numbers; empty where the value is absent.</summary>
    public float[] Numbers(int column, int row) => List(column, row, DuckDbType.Float, (elements, i) => (float)elements.Number(i));

    /// <summary>Number of elements of a list; 0 where the value is absent.</summary>
    public int ListLength(int column, int row) => IsNull(column, row) ? 0 : _columns[column].List(row).Length;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_chunk != 0)
        {
            DuckDbNative.duckdb_destroy_data_chunk(ref _chunk);
        }
    }

    private T[] List<T>(int column, int row, DuckDbType asStored, Func<Column, int, T> read)
        where T : unmanaged
    {
        if (IsNull(column, row))
        {
            return [];
        }

        var (elements, offset, length) = _columns[column].List(row);
        if (elements.IsStored(asStored))
        {
            return elements.Span<T>(offset, length).ToArray();
        }

        var values = new T[length];
        for (var i = 0; i < length; i++)
        {
            values[i] = read(elements, offset + i);
        }

        return values;
    }

    /// <summary>A vector of the chunk: its memory and which rows are there.</summary>
    private sealed class Column(nint vector, DuckDbType type)
    {
        private readonly nint _vector = vector;
        private readonly DuckDbType _type = type;
        private readonly void* _data = DuckDbNative.duckdb_vector_get_data(vector);
        private readonly ulong* _validity = DuckDbNative.duckdb_vector_get_validity(vector);
        private Column? _elements;

        /// <summary>Whether the vector's memory is an array of this type, every element there.</summary>
        public bool IsStored(DuckDbType type) => _type == type && _validity == null;

        public ReadOnlySpan<T> Span<T>(int offset, int length)
            where T : unmanaged => new((T*)_data + offset, length);

        public bool IsNull(int row) => _validity != null && (_validity[row / 64] >> (row % 64) & 1) == 0;

        public long Integer(int row) => _type switch
        {
            DuckDbType.Boolean or DuckDbType.UTinyInt => ((byte*)_data)[row],
            DuckDbType.TinyInt => ((sbyte*)_data)[row],
            DuckDbType.SmallInt => ((short*)_data)[row],
            DuckDbType.USmallInt => ((ushort*)_data)[row],
            DuckDbType.Integer => ((int*)_data)[row],
            DuckDbType.UInteger => ((uint*)_data)[row],
            DuckDbType.BigInt => ((long*)_data)[row],
            DuckDbType.UBigInt => checked((long)((ulong*)_data)[row]),
            _ => throw new InvalidCastException($"a column of type {_type} holds no whole numbers"),
        };

        public double Number(int row) => _type switch
        {
            DuckDbType.Float => ((float*)_data)[row],
            DuckDbType.Double => ((double*)_data)[row],
            _ => Integer(row),
        };

        public string Text(int row) => Encoding.UTF8.GetString(Utf8(row));

        public ReadOnlySpan<byte> Utf8(int row)
        {
            if (_type != DuckDbType.Varchar)
            {
                throw new InvalidCastException($"a column of type {_type} holds no text");
            }

            // Up to 12 bytes lie inside the 16-byte entry, longer text behind its pointer.
            var entry = (byte*)_data + (16L * row);
            var length = *(int*)entry;
            return new ReadOnlySpan<byte>(length <= 12 ? entry + 4 : *(byte**)(entry + 8), length);
        }

        public (Column Elements, int Offset, int Length) List(int row)
        {
            if (_type != DuckDbType.List)
            {
                throw new InvalidCastException($"a column of type {_type} holds no lists");
            }

            _elements ??= Elements(_vector);
            var entry = (ulong*)_data + (2L * row);
            return (_elements, checked((int)entry[0]), checked((int)entry[1]));
        }

        private static Column Elements(nint list)
        {
            var child = DuckDbNative.duckdb_list_vector_get_child(list);
            var childType = DuckDbNative.duckdb_vector_get_column_type(child);
            var type = DuckDbNative.duckdb_get_type_id(childType);
            DuckDbNative.duckdb_destroy_logical_type(ref childType);
            return new Column(child, type);
        }
    }
}
