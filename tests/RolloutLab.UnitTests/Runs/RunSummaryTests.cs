using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

public sealed class RunSummaryTests : IDisposable
{
    private const string Json =
        """
        {
          "stopped": "finished",
          "initial": {
            "pass_at_1": 0.34375,
            "pass_at_16": null,
            "maj_at_16": null,
            "response_length": null,
            "loss": null
          },
          "final": {
            "pass_at_1": 0.5625,
            "pass_at_16": 0.75,
            "maj_at_16": 0.625,
            "response_length": 41.5,
            "loss": null
          },
          "steps": 120,
          "rollouts_total": 61440,
          "tokens_generated": 2500000,
          "tokens_trained": 3000000,
          "wall_seconds": 171.25,
          "seconds": {
            "rollout": 90.5,
            "verify": 0.25,
            "advantage": 0.125,
            "update": 60,
            "eval": 20
          },
          "peak_memory_bytes": 700000000,
          "seed": 3,
          "recipe_hash": "0f"
        }

        """;

    private static readonly RunSummary Summary = new()
    {
        Stopped = RunEnding.Finished,
        Initial = new PolicyScore { PassAt1 = 0.34375 },
        Final = new PolicyScore { PassAt1 = 0.5625, PassAt16 = 0.75, MajAt16 = 0.625, ResponseLength = 41.5 },
        Steps = 120,
        RolloutsTotal = 61440,
        TokensGenerated = 2_500_000,
        TokensTrained = 3_000_000,
        WallSeconds = 171.25,
        Seconds = new PhaseSeconds { Rollout = 90.5, Verify = 0.25, Advantage = 0.125, Update = 60, Eval = 20 },
        PeakMemoryBytes = 700_000_000,
        Seed = 3,
        RecipeHash = "0f",
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_json_has_exactly_the_published_keys() => Assert.Equal(Json, Summary.ToJson());

    [Fact]
    public void A_summary_reads_back_as_it_was_written()
    {
        File.WriteAllText(_folder.File("summary.json"), Json);
        Assert.Equal(Summary, RunSummary.Read(_folder.File("summary.json")));
    }

    [Fact]
    public void An_interrupted_run_says_so() =>
        Assert.Contains("\"stopped\": \"interrupted\"", (Summary with { Stopped = RunEnding.Interrupted }).ToJson(), StringComparison.Ordinal);

    [Theory]
    [InlineData("{\n \"steps\": \"x\"\n}", " line 2 is not a run summary")]
    [InlineData("null", " is not a run summary: it holds null")]
    [InlineData("{}", " line 1 is not a run summary")]
    public void Anything_else_is_refused_with_file_and_line(string content, string expected)
    {
        var path = _folder.File("summary.json");
        File.WriteAllText(path, content);
        var error = Assert.Throws<RunException>(() => RunSummary.Read(path));
        Assert.StartsWith(path + expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_summary_is_named()
    {
        var path = _folder.File("none.json");
        Assert.Equal($"cannot read {path}: it does not exist; check the path", Assert.Throws<RunException>(() => RunSummary.Read(path)).Message);
    }
}
