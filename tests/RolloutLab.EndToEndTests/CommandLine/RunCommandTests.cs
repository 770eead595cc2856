using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.EndToEndTests.CommandLine;

[Collection(ProcessSignals.Name)]
public sealed class RunCommandTests
{
    [Theory]
    [InlineData("train")]
    [InlineData("sft")]
    public void Options_become_overrides_in_order_with_seed_and_threads_last(string command)
    {
        var runs = new RecordingRuns(_ => RunEnding.Finished);
        var result = InProcess.Call(
            runs, command, "r.yaml", "--threads", "3", "--set", "a.b=c d", "--seed", "7", "--set", "e=-1", "--run-dir", "out");
        Assert.Equal(new CallResult(0, "", ""), result);
        Assert.Equal(command, runs.Command);
        Assert.Equal(("r.yaml", "out"), (runs.Arguments!.Recipe, runs.Arguments.RunDirectory));
        Assert.Equal(["a.b=c d", "e=-1", "seed=7", "threads=3"], runs.Arguments.Overrides);
    }

    [Fact]
    public void Nothing_given_leaves_everything_to_the_recipe()
    {
        var runs = new RecordingRuns(_ => RunEnding.Finished);
        InProcess.Call(runs, "train", "r.yaml");
        Assert.Empty(runs.Arguments!.Overrides);
        Assert.Null(runs.Arguments.RunDirectory);
    }

    [Fact]
    public void Eval_takes_a_target_and_a_recipe()
    {
        var runs = new RecordingRuns(_ => RunEnding.Finished);
        InProcess.Call(runs, "eval", "model", "--recipe", "r.yaml", "--seed", "2");
        Assert.Equal(("model", "r.yaml", null), (runs.EvalArguments!.Target, runs.EvalArguments.Recipe, runs.EvalArguments.RunDirectory));
        Assert.Equal(["seed=2"], runs.EvalArguments.Overrides);
    }

    public static TheoryData<Exception, int, string> Errors => new()
    {
        { new RecipeException("r.yaml:1: a: wrong; mend it"), 2, "r.yaml:1: a: wrong; mend it" },
        { new DataException("d.jsonl:3: bad"), 2, "d.jsonl:3: bad" },
        { new CheckpointException("m: of another shape"), 2, "m: of another shape" },
        { new RunException("cannot write x: y; z"), 1, "cannot write x: y; z" },
        { new NonFiniteException("step 3: NaN"), 1, "step 3: NaN" },
        { new KvCacheExhaustedException("too small"), 1, "too small" },
        { new SetupException("no LibTorch; run ./rolloutlab setup"), 69, "no LibTorch; run ./rolloutlab setup" },
        { new OperationCanceledException(), 130, "interrupted" },
        { new IOException("No space left on device"), 1, "No space left on device; check the disk and where the output goes" },
        { new InvalidOperationException("a\nb"), 1, "internal error: InvalidOperationException: a b; run again with --debug for the stack trace" },
        { new RunException("first\r\nsecond"), 1, "first second" },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void An_error_is_one_line_and_the_exit_code_of_its_kind(Exception error, int code, string line)
    {
        var result = InProcess.CallRun(_ => throw error, "train", "r.yaml");
        Assert.Equal(new CallResult(code, "", $"rolloutlab: {line}{Environment.NewLine}"), result);
    }

    [Fact]
    public void Debug_shows_the_stack_trace_after_the_line()
    {
        var result = InProcess.CallRun(_ => throw new InvalidOperationException("a"), "train", "r.yaml", "--debug");
        Assert.StartsWith($"rolloutlab: internal error: InvalidOperationException: a{Environment.NewLine}System.Invalid", result.Error, StringComparison.Ordinal);
        Assert.Contains("   at RolloutLab.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupted_run_has_its_own_exit_code() =>
        Assert.Equal(130, InProcess.CallRun(_ => RunEnding.Interrupted, "train", "r.yaml").Code);

    [Fact]
    public void Json_is_one_document_with_the_summary_and_nothing_else()
    {
        var result = InProcess.CallRun(
            context =>
            {
                SampleRun.Play(context.Observer, new ManualClock());
                return RunEnding.Finished;
            },
            "train", "r.yaml", "--json");
        Assert.Equal((0, $"watch out{Environment.NewLine}"), (result.Code, result.Error));
        using var document = JsonDocument.Parse(result.Out);
        var root = document.RootElement;
        Assert.Equal("runs/trial", root.GetProperty("run_directory").GetString());
        Assert.Equal(0.342, root.GetProperty("initial").GetProperty("pass_at_1").GetDouble());
        Assert.Equal(0.805, root.GetProperty("final").GetProperty("pass_at_16").GetDouble());
        Assert.Equal(92, root.GetProperty("seconds").GetProperty("rollout").GetDouble());
    }

    [Fact]
    public void A_run_that_fails_leaves_the_json_output_empty() =>
        Assert.Equal(
            new CallResult(1, "", $"rolloutlab: full{Environment.NewLine}"),
            InProcess.CallRun(_ => throw new RunException("full"), "train", "r.yaml", "--json"));
}
