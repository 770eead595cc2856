using System.Globalization;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>The rows of a log's files, JSONL or Parquet, one after the other: a file, or all of a folder by the numbers in their names.</summary>
internal static class LogRows
{
    /// <summary>Reads them.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="progress">Told now and then; may be null.</param>
    /// <exception cref="DataException">There is no such file, it is damaged, or a row is no object.</exception>
    public static IEnumerable<JsonlRow> Read(string path, IProgress<ReadProgress>? progress)
    {
        var files = FilesOf(path).ConvertAll(f => (Path: f, Bytes: new FileInfo(f) is { Exists: true } info ? info.Length : 0));
        var (before, total, rows) = (0L, files.Sum(f => f.Bytes), 0L);
        foreach (var (file, bytes) in files)
        {
            var done = 0L;
            foreach (var row in IsParquet(file) ? ReadParquet(file, share => done = (long)(share * bytes)) : JsonlReader.Read(file, place => done = place))
            {
                if ((++rows & 0xFF) == 0)
                {
                    progress?.Report(new ReadProgress(before + done, total));
                }

                yield return row;
            }

            before += bytes;
        }
    }

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

    private static IEnumerable<JsonlRow> ReadParquet(string path, Action<double> share)
    {
        var reader = new DuckDbParquetReader();
        var layout = reader.Describe(path);
        return ParquetRows.Read(reader, path, layout, columns: null).Select(row =>
        {
            share((double)row.Line / layout.Rows);
            return row;
        });
    }
}
