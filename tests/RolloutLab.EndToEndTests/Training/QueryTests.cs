using System.Diagnostics;
using System.Text.Json.Nodes;
using RolloutLab.EndToEndTests.CommandLine;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>SQL over what runs wrote.</summary>
public sealed class QueryTests : IDisposable
{
    private readonly TrainingProgram _program = new();

    public QueryTests()
    {
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "a").Code);
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "b", "--seed", "9").Code);
    }

    public void Dispose() => _program.Dispose();

    [Fact]
    public void Rollouts_and_metrics_of_several_runs_agree_with_their_files()
    {
        var counts = Json("select run, step, count(*) as n, sum(len(token_ids)) as tokens from rollouts group by all order by all", "a", "b");
        Assert.Equal(["a1", "a2", "a3", "b1", "b2", "b3"], counts.Select(row => $"{row["run"]}{row["step"]}"));
        Assert.All(counts, row => Assert.Equal(8, (int)row["n"]!));

        var generated = counts.Where(row => (string)row["run"]! == "a").Sum(row => (long)row["tokens"]!);
        Assert.Equal((long)JsonNode.Parse(File.ReadAllText(_program.At("a", "summary.json")))!["tokens_generated"]!, generated);

        var entropy = Json("select \"actor/entropy\" as e from metrics where run = 'b' and step = 2", "a", "b").Single();
        var row = TrainingProgram.Rows(_program.At("b", "metrics.jsonl")).Single(r => (int)r["step"]! == 2);
        Assert.Equal((double)row["actor/entropy"]!, (double)entropy["e"]!);
    }

    [Fact]
    public void An_interrupted_query_ends_at_once_and_leaves_nothing_behind()
    {
        using var process = _program.Start("query", "a", "select sum(hash(i)) as s from range(1000000000000) r(i)", "--csv");
        for (var waited = Stopwatch.StartNew(); Results() == 0 && !process.HasExited && waited.Elapsed < TimeSpan.FromMinutes(1);)
        {
            Thread.Sleep(10);
        }

        Assert.Equal(1, Results());
        InstalledProgram.Signal(process, "INT");
        var result = TrainingProgram.Finish(process);

        Assert.Equal((130, ""), (result.Code, result.Out));
        Assert.Equal(0, Results());

        int Results() => Directory.GetDirectories(_program.Temporary, "rolloutlab-query-*").Length;
    }

    [Fact]
    public void The_ledger_and_the_budgets_say_what_became_of_each_prompt()
    {
        var ledger = Json("select run, count(*) as prompts, sum(rollouts) as rollouts, sum(visits) as visits, count(last_rate) as seen from ledger group by run order by run", "a", "b");
        Assert.Equal(["a", "b"], ledger.Select(row => (string)row["run"]!));
        Assert.All(ledger, row => Assert.Equal((64, 24), ((int)row["prompts"]!, (int)row["rollouts"]!)));
        Assert.All(ledger, row => Assert.Equal(6, (int)row["visits"]!));

        // What each prompt was given, by the history, by the rollouts and by the ledger.
        var differences = Json(
            """
            with given as (select run, prompt_index, sum(rollouts) as n, sum(correct) as c from budgets group by all),
              stored as (select run, prompt_index, count(*) as n, count(*) filter (status = 'correct') as c from rollouts group by all)
            select count(*) as prompts, count(*) filter (g.n <> s.n or g.c <> s.c or l.rollouts <> g.n) as wrong
            from given g join stored s using (run, prompt_index) join ledger l using (run, prompt_index)
            """,
            "a",
            "b").Single();
        Assert.Equal((12, 0), ((int)differences["prompts"]!, (int)differences["wrong"]!));
    }

    [Fact]
    public void A_table_is_for_people_and_csv_for_machines()
    {
        var table = _program.Run("query", "a", "select step, count(*) as rollouts from rollouts group by step order by step");
        Assert.Equal((0, ""), (table.Code, table.Error));
        Assert.Equal(["step  rollouts", "----  --------", "   1         8", "   2         8", "   3         8", "(3 rows)"], Lines(table.Out));

        var cut = _program.Run("query", "a", "select step from rollouts order by step", "--limit", "1");
        Assert.Equal("(1 row shown; --limit shows more, --csv and --json all)", Lines(cut.Out)[^1]);

        var text = _program.Run("query", "a", "select repeat('x', 61) as t");
        Assert.Equal("(1 row; texts are cut at 60 characters, not with --csv and --json)", Lines(text.Out)[^1]);

        var csv = _program.Run("query", "a", "select step, status is null as lost from rollouts where rollout = 0 and group_index = 0 order by step", "--csv");
        Assert.Equal(["step,lost", "1,false", "2,false", "3,false"], Lines(csv.Out));
    }

    [Fact]
    public void What_cannot_be_asked_is_one_line()
    {
        AssertRefused("nowhere is not the folder of a run", "nowhere", "select 1");
        AssertRefused("rolllouts does not exist", "a", "select * from rolllouts");
        AssertRefused("syntax error", "a", "select from where");
    }

    private static string[] Lines(string text) => text.TrimEnd().Split('\n');

    private List<JsonNode> Json(string sql, params string[] runs)
    {
        var result = _program.Run(["query", .. runs, sql, "--json"]);
        Assert.Equal((0, ""), (result.Code, result.Error));
        return [.. JsonNode.Parse(result.Out)!.AsArray().Select(row => row!)];
    }

    private void AssertRefused(string reason, params string[] arguments)
    {
        var result = _program.Run(["query", .. arguments]);
        Assert.Equal(1, result.Code);
        Assert.Contains(reason, Assert.Single(Lines(result.Error)), StringComparison.Ordinal);
    }
}
