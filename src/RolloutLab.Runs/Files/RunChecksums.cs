using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// <c>checksums.jsonl</c> in a run's folder: CRC-32C of what its files got, a row for each checkpoint and one for the run's end.
/// Recipe and stored rollouts are in it whole, a log part by part, so that damage is told with its file and its steps instead
/// of being read: a flipped bit in a number would not show otherwise. (Checkpoints have a manifest of their own.) A row is on
/// the disk, with the logs it describes, before the checkpoint of its step; nothing is read twice. Not thread-safe.
/// </summary>
public sealed class RunChecksums : IDisposable
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "checksums.jsonl";

    private static readonly string[] Whole = ["recipe.yaml", "run.json"];
    private static readonly string[] Logs =
    [
        "metrics.jsonl", "sft-metrics.jsonl", "rollouts.jsonl", RunDirectory.TreesName, "budgets.jsonl", TensorBoardLog.WarmupName, TensorBoardLog.TrainingName,
    ];

    private readonly string _folder;
    private readonly string _path;
    private readonly Dictionary<string, long> _known = [];
    private readonly JsonLinesFile _file;
    private long _step;

    /// <summary>Goes on with a run's checksums, or begins them.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <exception cref="RunException">They are damaged, or the file system refused.</exception>
    public RunChecksums(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        (_folder, _path) = (folder, Path.Combine(folder, FileName));
        foreach (var row in ChecksumRow.Read(_path))
        {
            _step = row.Step;
            foreach (var part in row.Parts)
            {
                _known[part.Name] = part.To;
            }
        }

        _file = new JsonLinesFile(_path);
    }

    /// <summary>Takes the file back to a step, and what it says of the run's end away: that will change.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="step">The last step to keep; -1 for none.</param>
    /// <exception cref="RunException">It is damaged, or the file system refused.</exception>
    public static void KeepThrough(string folder, long step)
    {
        var path = Path.Combine(folder, FileName);
        var kept = ChecksumRow.Read(path).TakeWhile(r => r.Step <= step && !r.Ended).Select(r => r.End).LastOrDefault();
        if (File.Exists(path))
        {
            FileFault.Guard("write", path, () =>
            {
                using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read);
                stream.SetLength(kept);
                stream.Flush(flushToDisk: true);
            });
        }
    }

    /// <summary>Checks files against the checksums; a folder without them passes.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="names">Names inside the folder, <c>rollouts</c> for all stored rollouts; none for everything.</param>
    /// <exception cref="RunException">A file is missing or not what was written; the message names it and the steps.</exception>
    public static void Verify(string folder, params ReadOnlySpan<string> names) => ChecksumRow.Check(folder, long.MaxValue, names.ToArray(), progress: null, CancellationToken.None);

    /// <summary>Checks all files against the checksums; a folder without them passes.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="progress">Told the megabytes (2^20) checked; may be null.</param>
    /// <exception cref="RunException">A file is missing or not what was written; the message names it and the steps.</exception>
    public static void Verify(string folder, IProgress<WorkDone>? progress) => ChecksumRow.Check(folder, long.MaxValue, [], progress, CancellationToken.None);

    /// <summary>Checks all that a run wrote up to a step, which is where it will go on.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="step">The step; 0 where it begins anew.</param>
    /// <param name="progress">Told the megabytes (2^20) checked; may be null.</param>
    /// <param name="stop">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="RunException">A file is missing or not what was written, or the checksums of the step are missing; the message names file and steps.</exception>
    public static void VerifyThrough(string folder, long step, IProgress<WorkDone>? progress = null, CancellationToken stop = default)
    {
        if (!ChecksumRow.Check(folder, step, [], progress, stop) && step > 0 && File.Exists(Path.Combine(folder, FileName)))
        {
            throw new RunException($"{Path.Combine(folder, FileName)} says nothing of step {step}, where the run goes on: it is damaged; put a whole copy back, or delete it to use the run as it is");
        }
    }

    /// <summary>Writes a row of what the files got since the last.</summary>
    /// <param name="step">The step they stand at.</param>
    /// <exception cref="RunException">The file system refused.</exception>
    public void Append(long step) => Write(step, Parts(step).ToList(), ended: false);

    /// <summary>Writes the last row of a run, with its summary.</summary>
    /// <param name="folder">The run's folder, whose checksums nobody has open.</param>
    /// <param name="step">The step that the run stands at.</param>
    /// <exception cref="RunException">The file system refused.</exception>
    public static void End(string folder, long step)
    {
        using var checksums = new RunChecksums(folder);
        checksums.Write(step, [.. checksums.Parts(step), .. checksums.Of("summary.json", whole: true)], ended: true);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private void Write(long step, List<ChecksumPart> parts, bool ended)
    {
        _file.Append(row => ChecksumRow.Write(row, step, parts, ended));
        FileFault.Guard("write", _path, () =>
        {
            using var stream = File.OpenRead(_path);
            RandomAccess.FlushToDisk(stream.SafeFileHandle);
        });
        parts.ForEach(p => _known[p.Name] = p.To);
        _step = step;
    }

    private IEnumerable<ChecksumPart> Parts(long step)
    {
        var files = Whole.Where(name => !_known.ContainsKey(name)).SelectMany(name => Of(name, whole: true)).Concat(Logs.SelectMany(name => Of(name, whole: false)));
        for (var at = _step + 1; at <= step; at++)
        {
            files = files.Concat(Of($"{RolloutStore.FolderName}/{RolloutStore.NameOf(at)}", whole: true));
        }

        return files;
    }

    private IEnumerable<ChecksumPart> Of(string name, bool whole)
    {
        var path = Path.Combine(_folder, name);
        var from = whole ? 0 : _known.GetValueOrDefault(name);
        if (File.Exists(path) && FileFault.Guard("read", path, () => FileChecksum.Of(path, from, flush: true)) is var (end, crc) && (whole || end > from))
        {
            yield return new ChecksumPart(name, from, end, crc);
        }
    }
}
