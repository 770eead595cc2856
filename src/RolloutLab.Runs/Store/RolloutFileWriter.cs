using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Writes a step's rollouts as one Parquet file (zstd): complete under its name, or not there. Not thread-safe.</summary>
internal sealed class RolloutFileWriter : IDisposable
{
    private const string Table = "rollouts";
    private readonly DuckDbConnection _database = new();
    private readonly string _run;

    /// <param name="run">Name of the run, in every row.</param>
    public RolloutFileWriter(string run)
    {
        _run = run;
        // The trainer has the cores; one thread also keeps the rows of equal runs in equal files.
        _database.Execute($"SET threads = 1; {RolloutSchema.CreateTable(Table)}");
    }

    /// <summary>Writes one file.</summary>
    /// <exception cref="RolloutStoreException">DuckDB or the file system refused; there is no such file then.</exception>
    public void Write(string path, long step, IReadOnlyList<RolloutDecision> decisions)
    {
        var partial = path + ".partial";
        try
        {
            Append(step, decisions);
            _database.Execute($"COPY {Table} TO {DuckDbConnection.Literal(partial)} (FORMAT parquet, COMPRESSION zstd)");
            using (var file = File.OpenRead(partial))
            {
                RandomAccess.FlushToDisk(file.SafeFileHandle);
            }

            File.Move(partial, path, overwrite: true);
            DirectoryFlush.Flush(Path.GetDirectoryName(path)!);
        }
        catch (Exception error) when (error is RolloutStoreException || FileFault.IsFileFault(error))
        {
            File.Delete(partial);
            throw new RolloutStoreException($"cannot write {path}: {error.Message}; free some space or choose another folder with --run-dir", error);
        }
        finally
        {
            _database.Execute($"DELETE FROM {Table}");
        }
    }

    public void Dispose() => _database.Dispose();

    private void Append(long step, IReadOnlyList<RolloutDecision> decisions)
    {
        using var rows = new DuckDbAppender(_database, Table, RolloutSchema.Columns.Select(c => c.Type));
        var groups = new Dictionary<int, int>();
        var budgets = decisions.GroupBy(d => d.Prompt.Index).ToDictionary(g => g.Key, g => g.Count());
        foreach (var decision in decisions)
        {
            groups.TryAdd(decision.Prompt.Index, groups.Count);
            AddPrompt(rows, step, groups[decision.Prompt.Index], decision.Prompt);
            AddRollout(rows, decision.Rollout);
            AddVerdict(rows, decision.Verdict);
            AddDecision(rows, decision, budgets[decision.Prompt.Index]);
            rows.EndRow();
        }

        rows.Flush();
    }

    private void AddPrompt(DuckDbAppender rows, long step, int group, Prompt prompt)
    {
        rows.Add((long?)RolloutSchema.Version);
        rows.Add(_run);
        rows.Add((long?)step);
        rows.Add((long?)group);
        rows.Add(prompt.Id);
        rows.Add((long?)prompt.Index);
        rows.Add(prompt.Text);
        rows.Add(prompt.Answer);
        rows.Add(prompt.TokenIds.AsSpan());
    }

    private static void AddRollout(DuckDbAppender rows, Rollout rollout)
    {
        rows.Add((long?)rollout.Index);
        rows.Add(rollout.TokenIds.AsSpan());
        rows.Add(rollout.LogProbs.AsSpan());
        rows.Add(Array.ConvertAll(rollout.Origins, o => (int)o).AsSpan());
        rows.Add(rollout.Text);
        rows.Add(RolloutNames.Of(rollout.FinishReason));
    }

    private static void AddVerdict(DuckDbAppender rows, Verdict verdict)
    {
        rows.Add(RolloutNames.Of(verdict.Status));
        rows.Add(float.IsNaN(verdict.Reward) ? null : (double?)verdict.Reward);
        rows.Add([.. verdict.Parts]);
        rows.Add(verdict.Answer);
        rows.Add(verdict.Detail);
    }

    private static void AddDecision(DuckDbAppender rows, RolloutDecision decision, int budget)
    {
        rows.Add((double?)decision.Advantage);
        rows.Add(RolloutNames.Of(decision.Fate));
        rows.Add(decision.Reason);
        rows.Add((double?)decision.Weight);
        rows.Add((long?)decision.Rollout.PolicyVersion);
        rows.Add((long?)decision.PolicyAge);
        rows.Add((long?)budget);
        rows.Add(decision.Rollout.Parent < 0 ? null : (long?)decision.Rollout.Parent);
        rows.Add((long?)decision.Rollout.SharedLength);
        rows.Add(decision.Prompt.Examples.AsSpan());
    }
}
