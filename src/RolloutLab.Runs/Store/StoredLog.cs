using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// RolloutLab's own store as a log: a run's folder, its folder <c>rollouts</c>, or one of its files. Steps are read one by
/// one, the next ones while the first is in use, so that memory does not grow with the log.
/// </summary>
public sealed class StoredLog : IRolloutLog
{
    /// <summary>Files of a query, which has costs of its own; its rows are made while they are read.</summary>
    private const int FilesAtOnce = 64;

    /// <summary>Steps that are read while one is in use.</summary>
    private const int StepsAhead = 4;

    private readonly List<(string Path, long Step)> _files;

    /// <summary>Finds the files; their contents are read later.</summary>
    /// <param name="path">The run's folder, the store's, or a file.</param>
    /// <exception cref="RolloutStoreException">There is no store, or it is of another version.</exception>
    /// <exception cref="SetupException">DuckDB is not installed.</exception>
    public StoredLog(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        _files = RolloutStore.StepFilesOf(path);
        if (_files.Count == 0)
        {
            throw new RolloutStoreException($"{path}: no stored rollouts; name a run's folder that was trained with run.store: true");
        }

        using var database = new DuckDbConnection();
        RolloutStoreReader.CheckVersion(database, _files[0].Path);
        PromptSetSize = RolloutStoreReader.ReadFacts(database, [_files[0].Path])[_files[0].Path].PromptSetSize;
    }

    private StoredLog(StoredLog whole, long step) =>
        (Path, PromptSetSize, _files) = (whole.Path, whole.PromptSetSize, whole._files.FindAll(f => f.Step > step));

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<long>? Steps => [.. _files.Select(f => f.Step)];

    /// <inheritdoc/>
    public int PromptSetSize { get; }

    /// <inheritdoc/>
    public bool HasTokens => true;

    /// <inheritdoc/>
    public bool HasLogProbs => true;

    /// <inheritdoc/>
    public bool HasAnswers => true;

    /// <summary>Whether a path looks like a store or a run that has one.</summary>
    public static bool IsStore(string path) => RolloutStore.StepFilesOf(path).Count > 0;

    /// <summary>The part after a step; what stands before is not read.</summary>
    public StoredLog After(long step) => new(this, step);

    /// <inheritdoc/>
    public IEnumerable<LoggedStep> Read(LogContents contents) => ReadAhead.Of(InOrder(contents), StepsAhead);

    internal static string NameOf(long step) => string.Create(CultureInfo.InvariantCulture, $"step {step}");

    private IEnumerable<LoggedStep> InOrder(LogContents contents)
    {
        using var reader = new RolloutStoreReader(contents);
        foreach (var step in _files.Chunk(FilesAtOnce).SelectMany(files => reader.Read([.. files.Select(f => f.Path)])))
        {
            yield return step;
        }
    }
}
