using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>A run's rollout store as an archive. Files are read some at a time: memory does not grow with the run.</summary>
public sealed class StoreArchive : IRolloutArchive
{
    private const int FilesAtATime = 50;

    private readonly SortedDictionary<long, string> _files = [];
    private readonly DuckDbConnection _database = new();

    /// <param name="folder">The store's folder.</param>
    /// <exception cref="SetupException">DuckDB is not installed.</exception>
    public StoreArchive(string folder)
    {
        foreach (var (step, path) in RolloutStore.FilesOf(folder))
        {
            _files[step] = path;
        }
    }

    /// <inheritdoc/>
    public string? Limits => null;

    /// <inheritdoc/>
    public void Survey(long through, Action<long, string, int, int[]> group, IProgress<WorkDone> progress)
    {
        ArgumentNullException.ThrowIfNull(group);
        Read(
            [.. _files.Where(f => f.Key <= through).Select(f => f.Value)],
            files => $"""
                SELECT step, prompt_id, count(*) FILTER (status = 'correct'), list(len(token_ids)::INTEGER)
                FROM {files} GROUP BY step, prompt_id ORDER BY step, min(group_index)
                """,
            (chunk, row) => group(chunk.Integer(0, row), chunk.Text(1, row), (int)chunk.Integer(2, row), chunk.Integers(3, row)),
            progress);
    }

    /// <inheritdoc/>
    public void Fetch(IReadOnlySet<(long Step, string Prompt)> wanted, Action<long, string, string, ReportedRollout> rollout, IProgress<WorkDone> progress)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(rollout);
        var files = wanted.Select(w => w.Step).Distinct().Order().Where(_files.ContainsKey).Select(s => _files[s]).ToList();
        var prompts = string.Join(", ", wanted.Select(w => w.Prompt).Distinct().Order(StringComparer.Ordinal).Select(DuckDbConnection.Literal));
        Read(
            files,
            some => $"""
                SELECT step, prompt_id, prompt, rollout, status, reward, advantage, len(token_ids)::INTEGER, finish_reason, decision, reason, text
                FROM {some} WHERE prompt_id IN ({prompts}) ORDER BY step, group_index, rollout
                """,
            (chunk, row) =>
            {
                var (step, prompt) = (chunk.Integer(0, row), chunk.Text(1, row));
                if (wanted.Contains((step, prompt)))
                {
                    rollout(step, prompt, chunk.TextOrNull(2, row) ?? "", RolloutOf(chunk, row));
                }
            },
            progress);
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private static ReportedRollout RolloutOf(DuckDbChunk chunk, int row) => new(
        (int)chunk.Integer(3, row),
        chunk.Text(4, row),
        chunk.IsNull(5, row) ? null : chunk.Number(5, row),
        chunk.IsNull(6, row) ? null : chunk.Number(6, row),
        (int)chunk.Integer(7, row),
        chunk.Text(8, row),
        $"{chunk.Text(9, row)}: {chunk.Text(10, row)}",
        chunk.Text(11, row));

    private void Read(List<string> files, Func<string, string> sql, Action<DuckDbChunk, int> read, IProgress<WorkDone> progress)
    {
        for (var done = 0; done < files.Count; done += FilesAtATime)
        {
            var some = files.GetRange(done, Math.Min(FilesAtATime, files.Count - done));
            using var result = _database.Query(sql($"read_parquet([{string.Join(", ", some.Select(DuckDbConnection.Literal))}])"));
            while (result.Fetch() is { } chunk)
            {
                using (chunk)
                {
                    for (var row = 0; row < chunk.RowCount; row++)
                    {
                        read(chunk, row);
                    }
                }
            }

            progress.Report(new WorkDone(done + some.Count, files.Count));
        }
    }
}
