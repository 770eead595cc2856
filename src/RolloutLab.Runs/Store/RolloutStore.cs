using System.Collections.Concurrent;
using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// Every rollout of a run: a Parquet file a step, <c>step-000120.parquet</c>, written by a thread of its own beside the
/// training. At most a few steps wait to be written; then the training waits for the disk.
/// </summary>
public sealed class RolloutStore : IDisposable
{
    /// <summary>Name of a run's folder of stored rollouts.</summary>
    public const string FolderName = "rollouts";

    private const int MostWaiting = 4;
    private const string Prefix = "step-";
    private const string Extension = ".parquet";

    private readonly string _folder;
    private readonly RolloutFileWriter _writer;
    private readonly BlockingCollection<Action> _work = new(MostWaiting);
    private readonly Thread _thread;
    private RolloutStoreException? _fault;

    /// <summary>Opens a run's store for writing.</summary>
    /// <param name="folder">The store's folder; made when absent.</param>
    /// <param name="run">Name of the run, in every row.</param>
    /// <param name="rewardNames">Names of the parts of a reward, where it has several: in the order of <see cref="Verdict.Parts"/>.</param>
    /// <exception cref="SetupException">DuckDB is not installed.</exception>
    /// <exception cref="RunException">The folder cannot be made.</exception>
    public RolloutStore(string folder, string run, IReadOnlyList<string> rewardNames)
    {
        FileFault.Guard("create", folder, () => Directory.CreateDirectory(folder));
        _folder = folder;
        _writer = new RolloutFileWriter(run, rewardNames);
        _thread = new Thread(Work) { IsBackground = true, Name = "rollout store" };
        _thread.Start();
    }

    /// <summary>SQL pattern of a store's files.</summary>
    public static string Pattern(string folder) => Path.Combine(folder, $"{Prefix}*{Extension}");

    /// <summary>The store's complete files with their steps; none where there is no store.</summary>
    public static IEnumerable<(long Step, string Path)> FilesOf(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder).Select(f => (Step: StepOf(f), Path: f)).Where(f => f.Step is not null).Select(f => (f.Step!.Value, f.Path))
        : [];

    /// <summary>Removes the steps after <paramref name="step"/>, and what was not written whole, so that they can be done again.</summary>
    /// <exception cref="RunException">The file system refused.</exception>
    public static void KeepThrough(string folder, long step)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(folder).Where(f => StepOf(f) is not { } stored || stored > step).ToList())
        {
            FileFault.Guard("write", file, () => File.Delete(file));
        }
    }

    /// <summary>Hands a step over; it is on the disk after the next <see cref="Flush"/> at the latest.</summary>
    /// <exception cref="RolloutStoreException">An earlier step could not be written.</exception>
    public void Append(StoredStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        ThrowFault();
        var path = Path.Combine(_folder, NameOf(step.Step));
        _work.Add(() => _writer.Write(path, step));
    }

    /// <summary>Waits until all that was handed over is on the disk.</summary>
    /// <exception cref="RolloutStoreException">A step could not be written.</exception>
    public void Flush()
    {
        using var done = new ManualResetEventSlim();
        _work.Add(done.Set);
        done.Wait();
        ThrowFault();
    }

    /// <summary>Writes what still waits and closes.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _writer.Dispose();
        _work.Dispose();
    }

    /// <summary>The files of a run's folder, of a store's, or one file, by step; empty where there is none.</summary>
    internal static List<(string Path, long Step)> StepFilesOf(string path)
    {
        var folder = Directory.Exists(Path.Combine(path, FolderName)) ? Path.Combine(path, FolderName) : path;
        var files = Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : File.Exists(path) ? [path] : [];
        return [.. files.Select(f => (Path: f, Step: StepOf(f))).Where(f => f.Step is not null).Select(f => (f.Path, f.Step!.Value)).OrderBy(f => f.Value)];
    }

    /// <summary>Name of a step's file.</summary>
    internal static string NameOf(long step) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:D6}{Extension}");

    internal static long? StepOf(string path)
    {
        var name = Path.GetFileName(path.AsSpan());
        return name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Extension, StringComparison.Ordinal)
            && long.TryParse(name[Prefix.Length..^Extension.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var step)
                ? step
                : null;
    }

    private void Work()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            try
            {
                work();
            }
#pragma warning disable CA1031 // Nothing may escape this thread: whatever went wrong is told to whoever hands over the next step.
            catch (Exception error)
#pragma warning restore CA1031
            {
                _fault ??= error as RolloutStoreException ?? new RolloutStoreException($"a step cannot be stored: {error.Message}", error);
            }
        }
    }

    private void ThrowFault()
    {
        if (_fault is { } fault)
        {
            throw new RolloutStoreException(fault.Message, fault);
        }
    }
}
