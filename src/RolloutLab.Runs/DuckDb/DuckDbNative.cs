using System.Runtime.InteropServices;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Numbers of DuckDB's column types (<c>duckdb_type</c> of its C header).</summary>
internal enum DuckDbType
{
    Boolean = 1,
    TinyInt = 2,
    SmallInt = 3,
    Integer = 4,
    BigInt = 5,
    UTinyInt = 6,
    USmallInt = 7,
    UInteger = 8,
    UBigInt = 9,
    Float = 10,
    Double = 11,
    Varchar = 17,
    List = 24,
}

/// <summary>The result of a query, as DuckDB lays it out; only its own functions look inside.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DuckDbResultData
{
    private ulong _columns;
    private ulong _rows;
    private ulong _changed;
    private nint _columnData;
    private nint _error;
    private nint _internal;
}

/// <summary>How far a query is, as DuckDB lays it out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct DuckDbProgress
{
    /// <summary>In [0, 100]; negative where it is not known.</summary>
    public readonly double Percentage;
    private readonly ulong _rows;
    private readonly ulong _total;
}

/// <summary>
/// The few functions of DuckDB's C API that are used. The library is found when the first is called: the file that
/// <c>ROLLOUTLAB_DUCKDB</c> names, else the npm package's in <c>node_modules</c> of a folder above the program.
/// </summary>
internal static unsafe partial class DuckDbNative
{
    private const string Library = "duckdb";
    private const string Packaged = "node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so";

    static DuckDbNative() => NativeLibrary.SetDllImportResolver(
        typeof(DuckDbNative).Assembly, (name, _, _) => name == Library ? Load() : 0);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int duckdb_open(string? path, out nint database);

    [LibraryImport(Library)]
    internal static partial void duckdb_close(ref nint database);

    [LibraryImport(Library)]
    internal static partial int duckdb_connect(nint database, out nint connection);

    [LibraryImport(Library)]
    internal static partial void duckdb_disconnect(ref nint connection);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int duckdb_query(nint connection, string query, out DuckDbResultData result);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int duckdb_prepare(nint connection, string query, out nint statement);

    [LibraryImport(Library)]
    internal static partial nint duckdb_prepare_error(nint statement);

    [LibraryImport(Library)]
    internal static partial void duckdb_destroy_prepare(ref nint statement);

    [LibraryImport(Library)]
    internal static partial int duckdb_execute_prepared_streaming(nint statement, out DuckDbResultData result);

    [LibraryImport(Library)]
    internal static partial DuckDbProgress duckdb_query_progress(nint connection);

    [LibraryImport(Library)]
    internal static partial void duckdb_interrupt(nint connection);

    [LibraryImport(Library)]
    internal static partial void duckdb_destroy_result(ref DuckDbResultData result);

    [LibraryImport(Library)]
    internal static partial nint duckdb_result_error(ref DuckDbResultData result);

    [LibraryImport(Library)]
    internal static partial ulong duckdb_column_count(ref DuckDbResultData result);

    [LibraryImport(Library)]
    internal static partial nint duckdb_column_name(ref DuckDbResultData result, ulong column);

    [LibraryImport(Library)]
    internal static partial DuckDbType duckdb_column_type(ref DuckDbResultData result, ulong column);

    [LibraryImport(Library)]
    internal static partial nint duckdb_fetch_chunk(DuckDbResultData result);

    [LibraryImport(Library)]
    internal static partial nint duckdb_create_data_chunk(nint* types, ulong count);

    [LibraryImport(Library)]
    internal static partial void duckdb_destroy_data_chunk(ref nint chunk);

    [LibraryImport(Library)]
    internal static partial void duckdb_data_chunk_reset(nint chunk);

    [LibraryImport(Library)]
    internal static partial ulong duckdb_data_chunk_get_size(nint chunk);

    [LibraryImport(Library)]
    internal static partial void duckdb_data_chunk_set_size(nint chunk, ulong size);

    [LibraryImport(Library)]
    internal static partial nint duckdb_data_chunk_get_vector(nint chunk, ulong column);

    [LibraryImport(Library)]
    internal static partial ulong duckdb_vector_size();

    [LibraryImport(Library)]
    internal static partial void* duckdb_vector_get_data(nint vector);

    [LibraryImport(Library)]
    internal static partial ulong* duckdb_vector_get_validity(nint vector);

    [LibraryImport(Library)]
    internal static partial void duckdb_vector_ensure_validity_writable(nint vector);

    [LibraryImport(Library)]
    internal static partial void duckdb_vector_assign_string_element_len(nint vector, ulong index, byte* text, ulong length);

    [LibraryImport(Library)]
    internal static partial nint duckdb_list_vector_get_child(nint vector);

    [LibraryImport(Library)]
    internal static partial int duckdb_list_vector_reserve(nint vector, ulong capacity);

    [LibraryImport(Library)]
    internal static partial int duckdb_list_vector_set_size(nint vector, ulong size);

    [LibraryImport(Library)]
    internal static partial nint duckdb_create_logical_type(DuckDbType type);

    [LibraryImport(Library)]
    internal static partial nint duckdb_create_list_type(nint elementType);

    [LibraryImport(Library)]
    internal static partial nint duckdb_create_map_type(nint keyType, nint valueType);

    [LibraryImport(Library)]
    internal static partial nint duckdb_struct_vector_get_child(nint vector, ulong index);

    [LibraryImport(Library)]
    internal static partial void duckdb_destroy_logical_type(ref nint type);

    [LibraryImport(Library)]
    internal static partial nint duckdb_vector_get_column_type(nint vector);

    [LibraryImport(Library)]
    internal static partial DuckDbType duckdb_get_type_id(nint type);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int duckdb_appender_create(nint connection, string? schema, string table, out nint appender);

    [LibraryImport(Library)]
    internal static partial int duckdb_append_data_chunk(nint appender, nint chunk);

    [LibraryImport(Library)]
    internal static partial int duckdb_appender_flush(nint appender);

    [LibraryImport(Library)]
    internal static partial nint duckdb_appender_error(nint appender);

    [LibraryImport(Library)]
    internal static partial int duckdb_appender_destroy(ref nint appender);

    private static nint Load()
    {
        var path = Locate(Environment.GetEnvironmentVariable("ROLLOUTLAB_DUCKDB"), AppContext.BaseDirectory);
        return NativeLibrary.TryLoad(path, out var library)
            ? library
            : throw new SetupException($"{path} cannot be loaded as DuckDB; run ./rolloutlab setup");
    }

    private static string Locate(string? configured, string baseDirectory)
    {
        if (!string.IsNullOrEmpty(configured))
        {
            return File.Exists(configured)
                ? configured
                : throw new SetupException($"ROLLOUTLAB_DUCKDB names '{configured}', which does not exist; unset it or run ./rolloutlab setup");
        }

        for (var folder = new DirectoryInfo(baseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, Packaged);
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new SetupException($"DuckDB is not installed: there is no {Packaged} above {baseDirectory}; run ./rolloutlab setup");
    }
}
