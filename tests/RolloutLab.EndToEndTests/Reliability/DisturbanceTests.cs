using System.Diagnostics;
using RolloutLab.EndToEndTests.Training;
using RolloutLab.Runs;

namespace RolloutLab.EndToEndTests.Reliability;

/// <summary>What happens around a run: a terminal that closes, a folder that cannot be written, files that change behind it.</summary>
public sealed class DisturbanceTests : IDisposable
{
    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact]
    public void A_closed_terminal_ends_the_run_after_its_step_with_everything_written()
    {
        using var process = _program.Start("train", "tiny.yaml", "--run-dir", "run", "--set", "training.steps=100000", "--set", "evaluation.every=0", "--set", "checkpoint.every=0");
        var metrics = _program.At("run", "metrics.jsonl");
        for (var waited = Stopwatch.StartNew(); !(File.Exists(metrics) && File.ReadAllLines(metrics).Length > 3) && waited.Elapsed < TimeSpan.FromMinutes(2);)
        {
            Thread.Sleep(10);
        }

        // As when a terminal goes away: nobody reads any more, and the system says so with SIGHUP.
        process.StandardOutput.Close();
        process.StandardError.Close();
        using (var kill = Process.Start("kill", ["-HUP", $"{process.Id}"]))
        {
            kill.WaitForExit();
        }

        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)));
        Assert.Equal(130, process.ExitCode);
        var summary = RunSummary.Read(_program.At("run", "summary.json"));
        Assert.Equal(RunEnding.Interrupted, summary.Stopped);
        Assert.Equal(summary.Steps, MetricsHistory.Read(metrics).LastStep);
        Assert.True(Directory.Exists(_program.At("run", "checkpoints", $"step-{summary.Steps:D6}")));
    }

    [RootFact]
    public void A_read_only_file_system_is_told_in_one_line()
    {
        Directory.CreateDirectory(_program.At("disk"));
        Assert.Equal(0, Call("mount", "-t", "tmpfs", "-o", "ro", "none", _program.At("disk")));
        try
        {
            var result = _program.Run("train", "tiny.yaml", "--run-dir", "disk/run");

            Assert.Equal(1, result.Code);
            Assert.Contains("read-only", Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        }
        finally
        {
            Assert.Equal(0, Call("umount", _program.At("disk")));
        }
    }

    [Theory]
    [InlineData("recipe.yaml")]
    [InlineData("metrics.jsonl")]
    [InlineData("trees.jsonl")]
    [InlineData("rollouts/step-000002.parquet")]
    public void A_file_that_was_damaged_after_the_run_is_not_built_on(string name)
    {
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "run").Code);
        var path = _program.At("run", name);
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);

        foreach (var command in (string[])["resume", "report"])
        {
            var result = _program.Run(command, "run");
            Assert.Equal(1, result.Code);
            Assert.Contains($"{name} does not match its checksum", Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_damaged_checkpoint_is_not_evaluated()
    {
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "run").Code);
        var weights = _program.At("run", "checkpoints", "step-000003", "model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        bytes[^9] ^= 8;
        File.WriteAllBytes(weights, bytes);

        var result = _program.Run("eval", "run");

        Assert.Equal(2, result.Code);
        Assert.Contains("model.safetensors does not match its checksum", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void TensorBoard_events_of_a_killed_and_resumed_run_have_every_step_once()
    {
        string[] settings = ["--set", "tracking=[tensorboard]", "--set", "training.steps=8", "--set", "checkpoint.every=3"];
        using (var process = _program.Start(["train", "tiny.yaml", "--run-dir", "run", .. settings]))
        {
            for (var waited = Stopwatch.StartNew(); !Directory.Exists(_program.At("run", "checkpoints", "step-000003")) && waited.Elapsed < TimeSpan.FromMinutes(2);)
            {
                Thread.Sleep(1);
            }

            process.Kill();
            process.WaitForExit();
        }

        Assert.Equal(0, _program.Run("resume", "run").Code);
        Assert.Equal(0, _program.Run(["train", "tiny.yaml", "--run-dir", "whole", .. settings]).Code);

        // Records of equal steps and metrics have equal lengths; the wall times inside differ.
        var (events, whole) = (new FileInfo(_program.At("run", TensorBoardLog.TrainingName)), new FileInfo(_program.At("whole", TensorBoardLog.TrainingName)));
        Assert.True(events.Length > 1000);
        Assert.Equal(whole.Length, events.Length);
    }

    private static int Call(string tool, params string[] arguments)
    {
        using var process = Process.Start(tool, arguments);
        process.WaitForExit();
        return process.ExitCode;
    }
}
