using System.Globalization;
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
        var reader = new DuckDbParquetReader();
        return ParquetRows.Read(reader, path, reader.Describe(path), columns: null);
    }
}
