using System.Globalization;
using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>The rows of a log's files, JSONL or Parquet, one after the other: a file, or all of a folder by the numbers in their names.</summary>
internal static class LogRows
{
    /// <summary>Reads them.</summary>
    /// <exception cref="DataException">There is no such file, it is damaged, or a row is no object.</exception>
    public static IEnumerable<JsonlRow> Read(string path) => FilesOf(path).SelectMany(file => IsParquet(file) ? ReadParquet(file) : JsonlReader.Read(file));

    private static bool IsParquet(string path) => path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);

    private static List<string> FilesOf(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        var files = Directory.EnumerateFiles(path)
            .Where(f => IsParquet(f) || f.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase))
            .OrderBy(NumberOf)
            .ThenBy(f => f, StringComparer.Ordinal)
            .ToList();
        return files.Count > 0 ? files : throw new DataException($"{path}: holds no .jsonl or .parquet file; name a log, or a run's folder");
    }

    private static long NumberOf(string path)
    {
        var digits = new string([.. Path.GetFileNameWithoutExtension(path).Reverse().SkipWhile(c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit).Reverse()]);
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
    }

    private static IEnumerable<JsonlRow> ReadParquet(string path)
    {
        if (!File.Exists(path))
        {
            throw new DataException($"{path}: no such file; check the path");
        }

        using var database = new DuckDbConnection();
        var line = 0L;
        foreach (var json in Texts(database, path))
        {
            line++;
            using var document = Parse(path, line, json);
            yield return JsonlRow.Of(path, line, document.RootElement);
        }
    }

    private static List<string> Texts(DuckDbConnection database, string path)
    {
        try
        {
            using var result = database.Query($"SELECT CAST(to_json(t) AS VARCHAR) FROM read_parquet({DuckDbConnection.Literal(path)}) t");
            return result.ReadAll((chunk, row) => chunk.Text(0, row));
        }
        catch (RolloutStoreException error)
        {
            throw new DataException($"{path}: {error.Message}", error);
        }
    }

    private static JsonDocument Parse(string path, long line, string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException error)
        {
            throw new DataException($"{path}:{line}: the row has a value that JSON cannot express (NaN or infinity); write null instead", error);
        }
    }
}
