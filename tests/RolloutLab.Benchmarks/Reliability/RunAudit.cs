using System.Text.Json.Nodes;

namespace RolloutLab.Benchmarks;

/// <summary>Holds a finished run against one of the same recipe that was never disturbed.</summary>
/// <param name="LostSteps">Steps that a log of the run lacks, over all logs.</param>
/// <param name="DuplicateSteps">Steps that a log has more often than the undisturbed run's.</param>
/// <param name="CheckpointMismatches">1 when the checkpoints are not the same bytes, else 0.</param>
/// <param name="OtherDifferences">Logs whose content differs although their steps are right; timings aside.</param>
internal readonly record struct RunAudit(long LostSteps, long DuplicateSteps, int CheckpointMismatches, int OtherDifferences)
{
    private static readonly string[] Logs = ["metrics.jsonl", "rollouts.jsonl", "trees.jsonl", "budgets.jsonl"];

    /// <summary>Whether nothing was lost, doubled or changed.</summary>
    public bool IsClean => this == default;

    public static RunAudit operator +(RunAudit a, RunAudit b) => new(
        a.LostSteps + b.LostSteps, a.DuplicateSteps + b.DuplicateSteps, a.CheckpointMismatches + b.CheckpointMismatches, a.OtherDifferences + b.OtherDifferences);

    /// <summary>Compares two finished runs.</summary>
    public static RunAudit Of(string undisturbed, string run)
    {
        var audit = new RunAudit(0, 0, Checkpoints(undisturbed).SequenceEqual(Checkpoints(run)) ? 0 : 1, 0);
        foreach (var log in Logs)
        {
            var (expected, found) = (Rows(Path.Combine(undisturbed, log)), Rows(Path.Combine(run, log)));
            audit += Steps(expected.Select(StepOf), found.Select(StepOf));
            audit += new RunAudit(0, 0, 0, expected.SequenceEqual(found) ? 0 : 1);
        }

        audit += Steps(Files(undisturbed), Files(run));
        foreach (var file in Directory.GetFiles(Path.Combine(undisturbed, "rollouts"), "*.parquet").Select(Path.GetFileName))
        {
            var twin = Path.Combine(run, "rollouts", file!);
            audit += new RunAudit(0, 0, 0, File.Exists(twin) && SameRollouts(Path.Combine(undisturbed, "rollouts", file!), twin) ? 0 : 1);
        }

        return audit;
    }

    // The columns of the run's name and of the time taken are those that may differ.
    private static bool SameRollouts(string a, string b)
    {
        using var database = new RolloutLab.Runs.DuckDbConnection();
        string Of(string path) => $"(SELECT * EXCLUDE (run, wall_seconds) FROM read_parquet({RolloutLab.Runs.DuckDbConnection.Literal(path)}))";
        using var result = database.Query($"SELECT count(*) FROM ((FROM {Of(a)} EXCEPT ALL FROM {Of(b)}) UNION ALL (FROM {Of(b)} EXCEPT ALL FROM {Of(a)}))");
        return result.ReadAll((chunk, row) => chunk.Integer(0, row))[0] == 0;
    }

    private static RunAudit Steps(IEnumerable<long> expected, IEnumerable<long> found)
    {
        var (a, b) = (expected.CountBy(s => s).ToDictionary(), found.CountBy(s => s).ToDictionary());
        return new RunAudit(
            a.Count(e => b.GetValueOrDefault(e.Key) < e.Value), b.Count(f => f.Value > a.GetValueOrDefault(f.Key)), 0, 0);
    }

    private static IEnumerable<long> Files(string run) =>
        Directory.GetFiles(Path.Combine(run, "rollouts"), "*.parquet").Select(f => long.Parse(Path.GetFileNameWithoutExtension(f)["step-".Length..], System.Globalization.CultureInfo.InvariantCulture));

    private static long StepOf(string row) => (long)JsonNode.Parse(row)!["step"]!;

    /// <summary>Rows without what depends on the clock.</summary>
    private static List<string> Rows(string path) => !File.Exists(path) ? [] : [.. File.ReadLines(path).Select(line =>
    {
        var row = JsonNode.Parse(line)!.AsObject();
        foreach (var key in row.Select(p => p.Key).Where(k => k.StartsWith("timing_s/", StringComparison.Ordinal) || k.StartsWith("perf/", StringComparison.Ordinal)).ToList())
        {
            row.Remove(key);
        }

        return row.ToJsonString();
    })];

    private static IEnumerable<string> Checkpoints(string run)
    {
        var folder = Path.Combine(run, "checkpoints");
        return Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(f => $"{Path.GetRelativePath(folder, f)} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}");
    }
}
