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
        using (var store = new RolloutStore(_folder, "trial", ["verifier", "overlong"]))
        {
            store.Append(Step(7, Decision(0, 0), Decision(0, 1), Decision(3, 0) with { Verdict = Verdict.Fault("broken"), Fate = RolloutFate.Dropped }));
        }

        using var result = _database.Query(
            $"""
            SELECT run, step, group_index, prompt_id, prompt_token_ids, rollout, token_ids, log_probs, token_origins, text, status, reward,
              rewards['verifier'], rewards['overlong'], advantage, decision, budget, parent, shared_length, estimate, tokens_computed, tokens_shared,
              wall_seconds, tree, answer, finish_reason, verdict_answer, policy_version
            FROM {Files} WHERE schema_version = {RolloutSchema.Version} ORDER BY group_index, rollout
            """);
        var rows = result.ReadAll((c, r) => (
            Run: c.Text(0, r), Step: c.Integer(1, r), Group: c.Integer(2, r), PromptId: c.Text(3, r), PromptTokens: c.Integers(4, r),
            Rollout: c.Integer(5, r), Tokens: c.Integers(6, r), LogProbs: c.Numbers(7, r), Origins: c.Integers(8, r), Text: c.Text(9, r),
            Status: c.Text(10, r), Reward: Number(c, 11, r), Right: Number(c, 12, r), Overlong: Number(c, 13, r), Advantage: c.Number(14, r),
            Fate: c.Text(15, r), Budget: c.Integer(16, r), Parent: Whole(c, 17, r), Shared: c.Integer(18, r), Estimate: c.Number(19, r),
            Computed: Whole(c, 20, r), TokensShared: Whole(c, 21, r), Seconds: Number(c, 22, r), Tree: c.TextOrNull(23, r), Others: (c.Text(24, r), c.Text(25, r), c.TextOrNull(26, r), c.Integer(27, r))));

        Assert.Equal(3, rows.Count);
        Assert.All(rows, row => Assert.Equal(("trial", 7L), (row.Run, row.Step)));
        Assert.Equal([(0L, 0L), (0, 1), (1, 0)], rows.Select(row => (row.Group, row.Rollout)));
        Assert.Equal(["p0", "p0", "p3"], rows.Select(row => row.PromptId));
        Assert.Equal([1, 2], rows[0].PromptTokens);
        Assert.Equal([10, 11, 12], rows[0].Tokens);
        Assert.Equal([-0.5f, -0.25f, -0.125f], rows[0].LogProbs);
        Assert.Equal([0, 1, 0], rows[0].Origins);
        Assert.Equal("line\none \"ä\"", rows[1].Text);
        Assert.Equal((1.0, 0.75, 0.25), (rows[0].Reward, rows[0].Right, rows[0].Overlong));
        Assert.Equal(("fault", null, null, "dropped"), (rows[2].Status, rows[2].Reward, rows[2].Right, rows[2].Fate));
        Assert.Equal([2L, 2, 1], rows.Select(row => row.Budget));
        Assert.Equal([0.1, 0.1, 0.2], rows.Select(row => row.Estimate));
        Assert.Equal(0.5, rows[1].Advantage);
        Assert.Equal([(null, 0L), (0L, 2L), (null, 0L)], rows.Select(row => (row.Parent, row.Shared)));
        Assert.Equal([(5L, 0L), (1, 4), (5, 0)], rows.Select(row => (row.Computed!.Value, row.TokensShared!.Value)));
        Assert.Equal(1.5, rows[0].Seconds);
        Assert.Equal(("3", "stop", "3", 4L), rows[0].Others);
        Assert.Equal([false, true, true], rows.Select(row => row.Tree is null));
        Assert.Contains("\"removed_for\":\"stopped\"", rows[0].Tree, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_rows_do_not_say_is_in_the_metadata()
    {
        using (var store = new RolloutStore(_folder, "trial", []))
        {
            store.Append(Step(7, Decision(0, 0)));
        }

        using var result = _database.Query($"SELECT decode(value) FROM parquet_kv_metadata({DuckDbConnection.Literal(RolloutStore.Pattern(_folder))}) WHERE decode(key) = 'rolloutlab'");
        Assert.Equal(
            """{"prompt_set_size":100,"unsampled":[{"index":9,"id":"it\u0027s"}],"statistics":{"tokens_generated":3,"tokens_computed":5,"preemptions":1,"peak_blocks":2}}""",
            Assert.Single(result.ReadAll((c, r) => c.Text(0, r))));
    }

    private static double? Number(DuckDbChunk chunk, int column, int row) => chunk.IsNull(column, row) ? null : chunk.Number(column, row);

    private static long? Whole(DuckDbChunk chunk, int column, int row) => chunk.IsNull(column, row) ? null : chunk.Integer(column, row);

    /// <summary>The page is what users read; each of its rows is checked against what is written.</summary>
    [Fact]
    public void The_schema_page_names_every_column_with_its_type()
    {
        using (var store = new RolloutStore(_folder, "trial", []))
        {
            store.Append(Step(1, Decision(0, 0)));
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
            using var store = new RolloutStore(Path.Combine(_folder, folder), "trial", []);
            store.Append(Step(1, [.. Enumerable.Range(0, 500).Select(i => Decision(i / 8, i % 8))]));
        }

        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "a", "step-000001.parquet")), File.ReadAllBytes(Path.Combine(_folder, "b", "step-000001.parquet")));
    }

    [Fact]
    public void Going_back_removes_later_steps_and_what_was_not_written_whole()
    {
        using (var store = new RolloutStore(_folder, "trial", []))
        {
            foreach (var step in (long[])[1, 2, 3, 4])
            {
                store.Append(Step(step, Decision(0, 0)));
            }
        }

        File.WriteAllText(Path.Combine(_folder, "step-000002.parquet.partial"), "half");
        RolloutStore.KeepThrough(_folder, 2);

        Assert.Equal(["step-000001.parquet", "step-000002.parquet"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_step_that_cannot_be_written_is_told_and_leaves_nothing()
    {
        using var store = new RolloutStore(_folder, "trial", []);
        Directory.CreateDirectory(Path.Combine(_folder, "step-000001.parquet"));
        store.Append(Step(1, Decision(0, 0)));

        Assert.Contains("step-000001.parquet", Assert.Throws<RolloutStoreException>(store.Flush).Message, StringComparison.Ordinal);
        Assert.Throws<RolloutStoreException>(() => store.Append(Step(2, Decision(0, 0))));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    private string Files => $"read_parquet({DuckDbConnection.Literal(RolloutStore.Pattern(_folder))})";

    /// <summary>A step of these decisions; the first group's tree has a row that was removed.</summary>
    private static StoredStep Step(long step, params RolloutDecision[] decisions)
    {
        var groups = decisions.GroupBy(d => d.Prompt.Index).Select(g => new RolloutGroup(g.First().Prompt, [.. g.Select(d => d.Rollout)])).ToList();
        groups[0] = groups[0] with
        {
            Tree = new RolloutTree(
            [
                new TreeBranch { Parent = -1, ForkPosition = 0, Kind = BranchKind.Root, Length = 3, Rollout = 0, Text = "a" },
                new TreeBranch { Parent = 0, ForkPosition = 1, ForkProbability = 0.5f, Kind = BranchKind.Forced, Length = 2, RemovedFor = "stopped", Text = "b" },
            ], 1, -1),
        };
        return new StoredStep
        {
            Step = step, Groups = groups, Estimates = [.. groups.Select((_, g) => (g + 1) / 10.0)], Decisions = decisions,
            Facts = new StepFacts(100, [new PromptName(9, "it's")], new RolloutStatistics(3, 5, 1, 2)),
        };
    }

    private static RolloutDecision Decision(int prompt, int rollout) => new(
        new Prompt(prompt, $"p{prompt}", "1 2 =", [1, 2], "3"),
        new Rollout
        {
            Index = rollout, TokenIds = [10, 11, 12], LogProbs = [-0.5f, -0.25f, -0.125f],
            Origins = [TokenOrigin.Sampled, TokenOrigin.Forced, TokenOrigin.Sampled], Text = "line\none \"ä\"",
            FinishReason = FinishReason.Stop, PolicyVersion = 4, Parent = rollout - 1, SharedLength = rollout > 0 ? 2 : 0,
            TokensComputed = rollout > 0 ? 1 : 5, WallSeconds = 1.5f,
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
