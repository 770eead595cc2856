using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

/// <summary>What is stored, read back by plain SQL.</summary>
public sealed class RolloutStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-store-").FullName;
    private readonly DuckDbConnection _database = new();

    public void Dispose()
    {
        _database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Every_value_of_a_rollout_is_read_back()
    {
        using (var store = new RolloutStore(_folder, "trial"))
        {
            store.Append(7, [Decision(0, 0), Decision(0, 1), Decision(3, 0) with { Verdict = Verdict.Fault("broken"), Fate = RolloutFate.Dropped }]);
        }

        using var result = _database.Query(
            $"SELECT * EXCLUDE (schema_version) FROM {Files} WHERE schema_version = {RolloutSchema.Version} ORDER BY group_index, rollout");
        var rows = result.ReadAll((c, r) => (
            Run: c.Text(0, r), Step: c.Integer(1, r), Group: c.Integer(2, r), PromptId: c.Text(3, r), PromptTokens: c.Integers(7, r),
            Rollout: c.Integer(8, r), Tokens: c.Integers(9, r), LogProbs: c.Numbers(10, r), Origins: c.Integers(11, r), Text: c.Text(12, r),
            Status: c.Text(14, r), Reward: c.IsNull(15, r) ? (double?)null : c.Number(15, r), Parts: c.Numbers(16, r), Advantage: c.Number(19, r),
            Fate: c.Text(20, r), Budget: c.Integer(25, r), Parent: c.IsNull(26, r) ? (long?)null : c.Integer(26, r), Shared: c.Integer(27, r)));

        Assert.Equal(3, rows.Count);
        Assert.All(rows, row => Assert.Equal(("trial", 7L), (row.Run, row.Step)));
        Assert.Equal([(0L, 0L), (0, 1), (1, 0)], rows.Select(row => (row.Group, row.Rollout)));
        Assert.Equal(["p0", "p0", "p3"], rows.Select(row => row.PromptId));
        Assert.Equal([1, 2], rows[0].PromptTokens);
        Assert.Equal([10, 11, 12], rows[0].Tokens);
        Assert.Equal([-0.5f, -0.25f, -0.125f], rows[0].LogProbs);
        Assert.Equal([0, 1, 0], rows[0].Origins);
        Assert.Equal("line\none \"ä\"", rows[1].Text);
        Assert.Equal(1.0, rows[0].Reward);
        Assert.Equal([0.75f, 0.25f], rows[0].Parts);
        Assert.Equal(("fault", null, "dropped"), (rows[2].Status, rows[2].Reward, rows[2].Fate));
        Assert.Equal([2L, 2, 1], rows.Select(row => row.Budget));
        Assert.Equal(0.5, rows[1].Advantage);
        Assert.Equal([(null, 0L), (0L, 2L), (null, 0L)], rows.Select(row => (row.Parent, row.Shared)));
    }

    /// <summary>The page is what users read; each of its rows is checked against what is written.</summary>
    [Fact]
    public void The_schema_page_names_every_column_with_its_type()
    {
        using (var store = new RolloutStore(_folder, "trial"))
        {
            store.Append(1, [Decision(0, 0)]);
        }

        using var result = _database.Query($"DESCRIBE SELECT * FROM {Files}");
        var written = result.ReadAll((c, r) => $"{c.Text(0, r)} {c.Text(1, r)}");
        var page = File.ReadLines(Path.Combine(RepositoryRoot(), "data", "rollout-store.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => $"{cells[1].Trim('`')} {cells[2].Trim('`')}");

        Assert.Equal(written, page);
        Assert.Contains($"version {RolloutSchema.Version}", File.ReadAllText(Path.Combine(RepositoryRoot(), "data", "rollout-store.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_steps_are_equal_files()
    {
        foreach (var folder in (string[])["a", "b"])
        {
            using var store = new RolloutStore(Path.Combine(_folder, folder), "trial");
            store.Append(1, [.. Enumerable.Range(0, 500).Select(i => Decision(i / 8, i % 8))]);
        }

        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "a", "step-000001.parquet")), File.ReadAllBytes(Path.Combine(_folder, "b", "step-000001.parquet")));
    }

    [Fact]
    public void Going_back_removes_later_steps_and_what_was_not_written_whole()
    {
        using (var store = new RolloutStore(_folder, "trial"))
        {
            foreach (var step in (long[])[1, 2, 3, 4])
            {
                store.Append(step, [Decision(0, 0)]);
            }
        }

        File.WriteAllText(Path.Combine(_folder, "step-000002.parquet.partial"), "half");
        RolloutStore.KeepThrough(_folder, 2);

        Assert.Equal(["step-000001.parquet", "step-000002.parquet"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_step_that_cannot_be_written_is_told_and_leaves_nothing()
    {
        using var store = new RolloutStore(_folder, "trial");
        Directory.CreateDirectory(Path.Combine(_folder, "step-000001.parquet"));
        store.Append(1, [Decision(0, 0)]);

        Assert.Contains("step-000001.parquet", Assert.Throws<RolloutStoreException>(store.Flush).Message, StringComparison.Ordinal);
        Assert.Throws<RolloutStoreException>(() => store.Append(2, [Decision(0, 0)]));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    private string Files => $"read_parquet({DuckDbConnection.Literal(RolloutStore.Pattern(_folder))})";

    private static RolloutDecision Decision(int prompt, int rollout) => new(
        new Prompt(prompt, $"p{prompt}", "1 2 =", [1, 2], "3"),
        new Rollout
        {
            Index = rollout, TokenIds = [10, 11, 12], LogProbs = [-0.5f, -0.25f, -0.125f],
            Origins = [TokenOrigin.Sampled, TokenOrigin.Forced, TokenOrigin.Sampled], Text = "line\none \"ä\"",
            FinishReason = FinishReason.Stop, PolicyVersion = 4, Parent = rollout - 1, SharedLength = rollout > 0 ? 2 : 0,
        },
        Verdict.Correct("3") with { Parts = [0.75f, 0.25f] },
        0.5f,
        RolloutFate.Kept,
        "on_policy");

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "RolloutLab.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
