using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Rewards;
using RolloutLab.Runs;
using RolloutLab.Simulation;
using RolloutLab.UnitTests.Data;

namespace RolloutLab.UnitTests.Replay;

/// <summary>Other programs' logs, read.</summary>
public sealed class ForeignLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-logs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Verl_dumps_a_file_a_step()
    {
        Write("10.jsonl", """{"input":"q2","output":"c","gts":"9","score":-1.0,"step":10,"acc":false}""");
        Write(
            "2.jsonl",
            """{"input":"q1","output":"a","gts":"7","score":1.0,"step":2,"acc":true}""",
            """{"input":"q2","output":"b","gts":"9","score":0.0,"step":2,"acc":false}""",
            """{"input":"q1","output":"d","gts":"7","score":0.0,"step":2,"acc":false}""");

        var log = Open(_folder);

        Assert.Equal(("verl", 2, true, false), (log.Format, log.PromptSetSize, log.HasAnswers, log.HasTokens));
        Assert.Equal([2L, 10], log.Steps!);
        var steps = log.Read(LogContents.Everything).ToList();
        Assert.Equal(["q1", "q2"], steps[0].Groups.Select(g => g.Group.Prompt.Text));
        Assert.Equal([("a", VerdictStatus.Correct, 1f), ("d", VerdictStatus.Wrong, 0f)], steps[0].Groups[0].Group.Rollouts.Zip(steps[0].Groups[0].Outcomes, (r, o) => (r.Text, o.Verdict!.Status, o.Verdict.Reward)));
        Assert.Equal(steps[0].Groups[1].Group.Prompt, steps[1].Groups[0].Group.Prompt);
        Assert.Equal(Path.Combine(_folder, "2.jsonl") + ":3", steps[0].Groups[0].Outcomes[1].Where);
    }

    [Fact]
    public void Verl_data_sets_have_chat_prompts_and_responses_in_parquet_too()
    {
        const string row = """{"data_source":"gsm8k","prompt":[{"role":"system","content":"Be brief."},{"role":"user","content":"1+1?"}],"ability":"math","reward_model":{"style":"rule","ground_truth":"2"},"extra_info":{"index":0},"responses":["2","3"]}""";
        Write("set.jsonl", row);
        using (var database = new DuckDbConnection())
        {
            database.Execute($"COPY (FROM read_json({DuckDbConnection.Literal(At("set.jsonl"))})) TO {DuckDbConnection.Literal(At("set.parquet"))} (FORMAT parquet)");
        }

        foreach (var name in (string[])["set.jsonl", "set.parquet"])
        {
            var log = Open(At(name));
            var group = log.Read(LogContents.Everything).Single().Groups.Single();
            Assert.Null(log.Steps);
            Assert.Equal(("Be brief.\n1+1?", "2"), (group.Group.Prompt.Text, group.Group.Prompt.Answer));
            Assert.Equal(["2", "3"], group.Group.Rollouts.Select(r => r.Text));
            Assert.All(group.Outcomes, o => Assert.Null(o.Verdict));
        }
    }

    [Fact]
    public void Trl_logs_a_column_for_each_reward_function()
    {
        Write(
            "log.jsonl",
            """{"step":5,"prompt":"q","completion":"a","accuracy_reward":1.0,"format_reward":0.5,"advantage":0.7}""",
            """{"step":5,"prompt":"q","completion":[{"role":"assistant","content":"b"}],"accuracy_reward":0.0,"format_reward":null,"advantage":-0.7}""");

        var log = Open(At("log.jsonl"));

        var group = log.Read(LogContents.Everything).Single().Groups.Single();
        Assert.Equal(("trl", false), (log.Format, log.HasAnswers));
        Assert.Equal([1.5f, 0f], group.Outcomes.Select(o => o.Verdict!.Reward));
        Assert.Equal([0.7f, -0.7f], group.Outcomes.Select(o => o.Advantage!.Value));
        Assert.Equal("b", group.Group.Rollouts[1].Text);
    }

    [Fact]
    public void Rows_may_bring_tokens_and_log_probs()
    {
        Write(
            "rows.jsonl",
            """{"step":1,"prompt_id":"p","prompt":"q","answer":3,"text":"3","reward":1,"prompt_token_ids":[1,2],"token_ids":[3,0],"log_probs":[-0.5,-0.25],"finish_reason":"length"}""");

        var log = Open(At("rows.jsonl"));

        var group = log.Read(LogContents.Everything).Single().Groups.Single().Group;
        Assert.True(log.HasTokens && log.HasLogProbs);
        Assert.Equal(("p", "3", FinishReason.Length), (group.Prompt.Id, group.Prompt.Answer, group.Rollouts[0].FinishReason));
        Assert.Equal([1, 2], group.Prompt.TokenIds);
        Assert.Equal([3, 0], group.Rollouts[0].TokenIds);
        Assert.Equal([-0.5f, -0.25f], group.Rollouts[0].LogProbs);
    }

    [Theory]
    [InlineData("""{"input":"q","output":"a","gts":"1"}""", "field 'score' is missing; the line has 'input', 'output', 'gts'")]
    [InlineData("""{"input":"q","output":1,"gts":"1","score":1}""", "field 'output' must be a string, not 1")]
    [InlineData("""{"input":"q","output":"a","gts":"1","score":1,"step":"first"}""", "field 'step' must be a whole number")]
    [InlineData("""{"prompt":[{"role":"user"}],"reward_model":{"ground_truth":"1"},"responses":["a"]}""", "field 'content' is missing")]
    [InlineData("""{"prompt":"q","reward_model":{"ground_truth":"1"}}""", "without responses")]
    [InlineData("""{"prompt":"q","reward_model":"1","responses":["a"]}""", "field 'reward_model' must be an object")]
    [InlineData("""{"prompt":"q","reward_model":{"ground_truth":"1"},"responses":["a",2]}""", "field 'responses' must be an array of strings, not 2")]
    [InlineData("""{"prompt":"q","completion":null}""", "field 'completion' must be a string")]
    [InlineData("""{"question":"q","ground_truth":"A: 1"}""", "no model's solution")]
    [InlineData("""{"question":"q","ground_truth":"A: 1","m":{"is_correct":true}}""", "field 'solution' is missing")]
    [InlineData("""{"prompt":"q","text":"a","token_ids":[1],"log_probs":[1,2]}""", "field 'log_probs' has 2 numbers, 'token_ids' 1")]
    [InlineData("""{"prompt":"q","text":"a","finish_reason":"done"}""", "field 'finish_reason' is 'done'")]
    [InlineData("""{"x":1}""", "no log that is known: 'x'; known are gsm8k")]
    public void A_missing_or_mistyped_column_is_named_with_file_and_row(string row, string reason)
    {
        Write("log.jsonl", "", row);

        var message = Assert.Throws<DataException>(() => Open(At("log.jsonl"))).Message;

        Assert.StartsWith(At("log.jsonl") + ":2: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_and_empty_files_are_told()
    {
        File.WriteAllBytes(At("log.parquet"), [1, 2, 3]);
        Write("empty.jsonl");

        Assert.Contains("log.parquet", Assert.Throws<DataException>(() => Open(At("log.parquet"))).Message, StringComparison.Ordinal);
        Assert.Contains("has no rows", Assert.Throws<DataException>(() => Open(At("empty.jsonl"))).Message, StringComparison.Ordinal);
        Assert.Contains("holds no .jsonl", Assert.Throws<DataException>(() => Open(Directory.CreateDirectory(At("nothing")).FullName)).Message, StringComparison.Ordinal);
    }

    /// <summary>4 models' solutions of GSM8K's 1,319 test problems: our grades are the published ones.</summary>
    [SharedDataFact("gsm8k/example_model_solutions.jsonl")]
    public void Every_published_grade_of_gsm8k_is_ours_too()
    {
        var log = Open(SharedDataFactAttribute.Locate("gsm8k/example_model_solutions.jsonl"));

        var regrading = Regrading.Of(log, new Grader(new NumericAnswerVerifier(new NumericAnswerOptions())), CancellationToken.None);

        Assert.Equal((1319, 5276L), (log.PromptSetSize, regrading.Compared));
        Assert.Empty(regrading.Disagreements);
        Assert.Equal(5276, regrading.Agreed);
    }

    [SharedDataFact("gsm8k/test.jsonl")]
    public void Gsm8ks_problems_are_a_log_of_worked_answers()
    {
        var log = Open(SharedDataFactAttribute.Locate("gsm8k/test.jsonl"));

        var regrading = Regrading.Of(log, new Grader(new NumericAnswerVerifier(new NumericAnswerOptions())), CancellationToken.None);

        Assert.Equal((1319, 1319L, 1319L), (log.PromptSetSize, regrading.Compared, regrading.Agreed));
    }

    private static ForeignLog Open(string path) => ForeignLog.Open(path, new LogReplaySection(), null, CancellationToken.None);

    private string At(string name) => Path.Combine(_folder, name);

    private void Write(string name, params string[] lines) => File.WriteAllLines(At(name), lines);
}
