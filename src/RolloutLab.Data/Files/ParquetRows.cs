using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>The rows of a Parquet file as those of a JSON-lines file, with the same errors.</summary>
public static class ParquetRows
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    /// <summary>The rows in order. A row is valid until the next one is asked for.</summary>
    /// <param name="reader">Reads Parquet.</param>
    /// <param name="path">The file.</param>
    /// <param name="layout">What it holds.</param>
    /// <param name="columns">The columns that may be looked at; those the file lacks are left out. Null for all.</param>
    /// <exception cref="DataException">The file cannot be read, or a row has a value that JSON cannot express.</exception>
    public static IEnumerable<JsonlRow> Read(IParquetReader reader, string path, ParquetLayout layout, IReadOnlyList<string>? columns)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(layout);
        return Texts(reader, path, layout, columns).SelectMany((json, i) => Parsed(path, i + 1, json, layout.Columns));
    }

    /// <summary>The rows as JSON text, a line each.</summary>
    internal static IEnumerable<string> Texts(IParquetReader reader, string path, ParquetLayout layout, IReadOnlyList<string>? columns) =>
        reader.Rows(path, columns is null ? layout.Columns : [.. layout.Columns.Where(columns.Contains)]);

    /// <summary>One row; valid until the enumeration goes on.</summary>
    internal static IEnumerable<JsonlRow> Parsed(string path, long row, string json, IReadOnlyList<string> columns)
    {
        using var document = Parse(path, row, json);
        yield return JsonlRow.Of(path, row, document.RootElement, columns);
    }

    private static JsonDocument Parse(string path, long row, string json)
    {
        try
        {
            return JsonDocument.Parse(json, Options);
        }
        catch (JsonException error)
        {
            throw new DataException($"{path}:{row}: the row has a value that JSON cannot express (NaN or infinity); write null instead", error);
        }
    }
}
