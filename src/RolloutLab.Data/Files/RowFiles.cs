using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// The rows of several files, JSON lines or Parquet, as one sequence; and any of them again, by its place. JSON lines are read
/// again where they lie, and a file that changed since is refused. A row of a Parquet file cannot be reached without its
/// neighbours, so the wanted columns are copied to a temporary file while the rows are read.
/// </summary>
internal sealed class RowFiles : IDisposable
{
    private readonly IParquetReader? _parquet;
    private readonly IReadOnlyList<string> _columns;
    private readonly (long Length, DateTime Written)[] _seen;
    private readonly IReadOnlyList<string>?[] _layouts;
    private RowCopy? _copy;

    /// <param name="paths">The files.</param>
    /// <param name="columns">The columns of a Parquet file that may be looked at.</param>
    /// <param name="parquet">Reads Parquet; null where there is none to read.</param>
    public RowFiles(IReadOnlyList<string> paths, IReadOnlyList<string> columns, IParquetReader? parquet)
    {
        (Paths, _columns, _parquet) = (paths, columns, parquet);
        (_seen, _layouts) = (new (long, DateTime)[paths.Count], new IReadOnlyList<string>?[paths.Count]);
    }

    /// <summary>The files, in the order in which they are read.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>All rows. A row is valid until the next one is asked for.</summary>
    /// <param name="progress">Told now and then; may be null.</param>
    /// <param name="stop">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    public IEnumerable<(JsonlRow Row, RowPlace Place)> Read(IProgress<ReadProgress>? progress, CancellationToken stop)
    {
        var sizes = Paths.Select(Size).ToArray();
        var (before, total, count) = (0L, sizes.Sum(), 0);
        for (var file = 0; file < Paths.Count; file++)
        {
            _seen[file] = Stamp(Paths[file]);
            foreach (var (row, offset, done) in IsParquet(Paths[file]) ? ReadParquet(file, sizes[file]) : ReadLines(file))
            {
                if ((++count & 0xFF) == 0)
                {
                    stop.ThrowIfCancellationRequested();
                    progress?.Report(new ReadProgress(before + done, total));
                }

                yield return (row, new RowPlace(file, offset, checked((int)row.Line)));
            }

            before += sizes[file];
        }
    }

    /// <summary>Reads one row again. Safe to call from several threads.</summary>
    /// <exception cref="DataException">The file is gone or has changed.</exception>
    public T ReadAgain<T>(RowPlace place, Func<JsonlRow, T> read)
    {
        var path = Paths[place.File];
        if (_layouts[place.File] is { } columns)
        {
            return _copy!.Read(place.Offset, line => Read(path, place, JsonDocument.Parse(line), columns, read));
        }

        try
        {
            using var handle = File.OpenHandle(path);
            return Stamp(path) == _seen[place.File]
                ? RowCopy.WithLine(handle, place.Offset, line => Read(path, place, JsonlReader.Parse($"{path}:{place.Line}", line), null, read))
                : throw new DataException($"{path}: the file was changed since the run began, so its rows are no longer where they were; start again, on a copy if others write to it");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read again ({error.Message}); keep it in place while the run lasts", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _copy?.Dispose();

    private static T Read<T>(string path, RowPlace place, JsonDocument document, IReadOnlyList<string>? columns, Func<JsonlRow, T> read)
    {
        using (document)
        {
            return read(new JsonlRow(path, place.Line, document.RootElement, columns));
        }
    }

    private static bool IsParquet(string path) => path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);

    private static long Size(string path) => Stamp(path).Length;

    // A file that is not there is named by whoever opens it.
    private static (long Length, DateTime Written) Stamp(string path)
    {
        var info = new FileInfo(path);
        return info.Exists ? (info.Length, info.LastWriteTimeUtc) : default;
    }

    private IEnumerable<(JsonlRow Row, long Offset, long Done)> ReadLines(int file)
    {
        using var lines = new LineReader(Paths[file]);
        foreach (var row in JsonlReader.Read(lines, Paths[file]))
        {
            yield return (row, lines.Offset, lines.Offset);
        }
    }

    private IEnumerable<(JsonlRow Row, long Offset, long Done)> ReadParquet(int file, long size)
    {
        var path = Paths[file];
        var reader = _parquet ?? throw new DataException($"{path}: Parquet cannot be read here; give a JSONL file");
        var layout = reader.Describe(path);
        _layouts[file] = layout.Columns;
        _copy ??= new RowCopy();
        var number = 0L;
        foreach (var text in ParquetRows.Texts(reader, path, layout, _columns))
        {
            number++;
            var offset = _copy.Append(text);
            foreach (var row in ParquetRows.Parsed(path, number, text, layout.Columns))
            {
                yield return (row, offset, size * number / Math.Max(1, layout.Rows));
            }
        }
    }
}
