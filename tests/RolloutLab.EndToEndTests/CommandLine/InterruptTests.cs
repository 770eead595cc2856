using System.Diagnostics;
using System.Text.Json;
using RolloutLab.Runs;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary>Stops a real run from outside. The policy is as small as one can be and the run longer than anybody waits.</summary>
public sealed class InterruptTests : IDisposable
{
    private const string Recipe =
        """
        model: { config: { hidden_size: 16, layers: 1, heads: 2, intermediate_size: 32, max_positions: 64 } }
        tokenizer: { type: countdown }
        data:
          train: { type: countdown, path: data/train.jsonl }
          eval: { type: countdown, path: data/heldout.jsonl, limit: 2 }
        verifier: { type: countdown }
        rollout: { max_new_tokens: 8 }
        budget: { type: uniform, prompts_per_step: 2, rollouts_per_prompt: 2 }
        training: { steps: 1000000 }
        evaluation: { rollouts: 2, pass_at: [1, 2] }

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-test-").FullName;

    public InterruptTests()
    {
        File.WriteAllText(Path.Combine(_folder, "long.yaml"), Recipe);
        InstalledProgram.Run(_folder, "data", "countdown", "--train", "20", "--heldout", "5", "--out", "data");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void The_first_signal_ends_the_run_after_its_step_with_everything_written(string signal)
    {
        using var process = InstalledProgram.Start(_folder, "train", "long.yaml", "--threads", "1", "--run-dir", "run", "--json");
        WaitForRows(process, 3);
        InstalledProgram.Signal(process, signal);
        var result = InstalledProgram.Finish(process);
        Assert.Equal(130, result.Code);
        Assert.Contains("stopping after this step; once more ends it at once\n", result.Error, StringComparison.Ordinal);
        var summary = RunSummary.Read(InRun("summary.json"));
        Assert.Equal(RunEnding.Interrupted, summary.Stopped);
        Assert.InRange(summary.Steps, 3, 999_999);
        Assert.Equal(summary.Steps, LastRow().GetProperty("step").GetInt64());
        Assert.NotEmpty(Directory.GetFiles(InRun("checkpoints"), "model.safetensors", SearchOption.AllDirectories));
        using var printed = JsonDocument.Parse(result.Out);
        Assert.Equal("interrupted", printed.RootElement.GetProperty("stopped").GetString());
        Assert.Equal(Path.Combine(_folder, "run"), printed.RootElement.GetProperty("run_directory").GetString());
    }

    [Fact]
    public void Two_signals_end_the_process_at_once_and_the_folder_stays_readable()
    {
        using var process = InstalledProgram.Start(_folder, "train", "long.yaml", "--threads", "1", "--run-dir", "run");
        WaitForRows(process, 1);
        InstalledProgram.Signal(process, "STOP");
        InstalledProgram.Signal(process, "INT");
        InstalledProgram.Signal(process, "TERM");
        InstalledProgram.Signal(process, "CONT");
        Assert.Equal(130, InstalledProgram.Finish(process).Code);
        Assert.True(LastRow().GetProperty("step").GetInt64() >= 1);
    }

    private void WaitForRows(Process process, int rows)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromMinutes(1);)
        {
            if (process.HasExited)
            {
                break;
            }

            // The row of the evaluation before the first step is not a step.
            if (File.Exists(InRun("metrics.jsonl")) && Rows().Length > rows)
            {
                return;
            }

            Thread.Sleep(20);
        }

        process.Kill();
        Assert.Fail($"no {rows} steps: {process.StandardError.ReadToEnd()}");
    }

    private JsonElement LastRow() => JsonDocument.Parse(Rows()[^1]).RootElement;

    private string[] Rows() => File.ReadAllText(InRun("metrics.jsonl")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private string InRun(string name) => Path.Combine(_folder, "run", name);
}
