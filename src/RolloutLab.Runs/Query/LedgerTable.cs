using System.Globalization;

namespace RolloutLab.Runs;

/// <summary>What a checkpoint's ledger knows of a prompt: a row of the view <c>ledger</c>.</summary>
/// <param name="Prompt">Index of the prompt in its set.</param>
/// <param name="Successes">Successes, older ones faded.</param>
/// <param name="Failures">Failures, older ones faded.</param>
/// <param name="SuccessRate">Mean of the posterior, in (0, 1).</param>
/// <param name="CostMean">Mean response tokens of a rollout.</param>
/// <param name="CostVariance">Variance of the response tokens.</param>
/// <param name="LastRate">Success rate of the last visit; null before the first.</param>
/// <param name="LastStep">Step of the last visit; 0 before the first.</param>
/// <param name="Rollouts">Graded rollouts in all.</param>
/// <param name="Visits">Steps in which it had graded rollouts.</param>
public readonly record struct LedgerRow(
    long Prompt, double Successes, double Failures, double SuccessRate, double CostMean, double CostVariance, double? LastRate, long LastStep, long Rollouts, long Visits);

/// <summary>The view <c>ledger</c>: the ledgers of the runs' newest checkpoints.</summary>
internal static class LedgerTable
{
    public const string Name = "ledger";
    private const string Prefix = "step-";

    private static readonly (string Name, DuckDbColumn Type)[] Columns =
    [
        ("run", DuckDbColumn.Text), ("step", DuckDbColumn.BigInt), ("prompt_index", DuckDbColumn.BigInt),
        ("successes", DuckDbColumn.Double), ("failures", DuckDbColumn.Double), ("success_rate", DuckDbColumn.Double),
        ("cost_mean", DuckDbColumn.Double), ("cost_variance", DuckDbColumn.Double), ("last_rate", DuckDbColumn.Double),
        ("last_step", DuckDbColumn.BigInt), ("rollouts", DuckDbColumn.BigInt), ("visits", DuckDbColumn.BigInt),
    ];

    /// <summary>Makes and fills the table; a run without a checkpoint has no rows.</summary>
    public static void Create(DuckDbConnection database, IReadOnlyList<string> runs, Func<string, IEnumerable<LedgerRow>> read)
    {
        database.Execute($"CREATE TABLE {Name} ({string.Join(", ", Columns.Select(c => $"{c.Name} {DuckDbAppender.SqlName(c.Type)}"))})");
        using var rows = new DuckDbAppender(database, Name, Columns.Select(c => c.Type));
        foreach (var run in runs)
        {
            if (Newest(Path.Combine(run, "checkpoints")) is var (folder, step))
            {
                foreach (var row in read(folder))
                {
                    Append(rows, Path.GetFileName(run), step, row);
                }
            }
        }

        rows.Flush();
    }

    private static (string Folder, long Step)? Newest(string checkpoints) => !Directory.Exists(checkpoints) ? null : Directory
        .EnumerateDirectories(checkpoints, Prefix + "*")
        .Select(f => (Folder: f, Step: long.TryParse(Path.GetFileName(f).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : -1))
        .Where(c => c.Step >= 0)
        .OrderBy(c => c.Step)
        .Cast<(string, long)?>()
        .LastOrDefault();

    private static void Append(DuckDbAppender rows, string run, long step, LedgerRow row)
    {
        rows.Add(run);
        rows.Add((long?)step);
        rows.Add((long?)row.Prompt);
        rows.Add((double?)row.Successes);
        rows.Add((double?)row.Failures);
        rows.Add((double?)row.SuccessRate);
        rows.Add((double?)row.CostMean);
        rows.Add((double?)row.CostVariance);
        rows.Add(row.LastRate);
        rows.Add((long?)row.LastStep);
        rows.Add((long?)row.Rollouts);
        rows.Add((long?)row.Visits);
        rows.EndRow();
    }
}
