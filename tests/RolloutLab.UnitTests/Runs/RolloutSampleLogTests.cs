using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

public sealed class RolloutSampleLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_rollout_is_one_readable_line()
    {
        var line = Write(Decision("1+2<4 \"é\"\n", Verdict.Wrong("3", "3 is not 4"), -0.7f, FinishReason.Stop));
        Assert.Equal(
            """{"step":5,"prompt_id":"p9","prompt":"1 2 -> 4","rollout":2,"response":"1+2<4 \"é\"\n","reward":0,"status":"wrong","detail":"3 is not 4","advantage":-0.7,"length":3,"finish_reason":"stop","policy_version":4}""",
            line);
    }

    [Fact]
    public void A_fault_has_no_reward_and_a_right_answer_no_detail()
    {
        var fault = Write(Decision("x", Verdict.Fault("timed out"), float.NaN, FinishReason.Length));
        Assert.Contains("\"reward\":null,\"status\":\"fault\",\"detail\":\"timed out\",\"advantage\":null", fault, StringComparison.Ordinal);
        Assert.Contains("\"finish_reason\":\"length\"", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_surrogate_pair_does_not_stop_the_log()
    {
        Assert.Contains("\"response\":\"a\\uFFFDb\"", Write(Decision("a\uD800b", Verdict.Correct("1"), 1, FinishReason.Stop)), StringComparison.Ordinal);
    }

    private static RolloutDecision Decision(string response, Verdict verdict, float advantage, FinishReason reason) => new(
        new Prompt(3, "p9", "1 2 -> 4", [1], "4"),
        new Rollout { Index = 2, TokenIds = [1, 2, 3], LogProbs = [0, 0, 0], Text = response, FinishReason = reason, PolicyVersion = 4 },
        verdict, advantage, RolloutFate.Kept, "kept");

    private string Write(RolloutDecision decision)
    {
        var path = _folder.File(Guid.NewGuid().ToString("N"));
        using (var log = new RolloutSampleLog(path))
        {
            log.Append(5, decision);
        }

        var text = File.ReadAllText(path);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        return text[..^1];
    }
}
