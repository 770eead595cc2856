using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RolloutLab.Benchmarks;

/// <summary>
/// Kills a training run with SIGKILL at random moments and resumes it each time, until it is done; then again with another.
/// A third of the kills each wait for a checkpoint or a Parquet file to be half written.
/// </summary>
internal sealed partial class KillTrials(TinyProgram program, TextWriter progress)
{
    private readonly Random _random = new(20_251_121);
    private int _inCheckpoint;
    private int _inParquet;
    private long _lost;

    /// <summary>Runs the trials.</summary>
    public JsonObject Run(int trials)
    {
        var (whole, seconds) = Undisturbed();
        var (audit, runs, kills) = (default(RunAudit), 0, 0);
        while (kills < trials || runs == 0)
        {
            var run = program.At($"killed-{runs}");
            while (!Attempt(run, kills < trials ? kills : null, seconds, ref kills))
            {
                progress.WriteLine($"kill: {kills}/{trials}, {runs} runs ended");
            }

            audit += RunAudit.Of(whole, run);
            runs++;
            Directory.Delete(run, recursive: true);
        }

        return new JsonObject
        {
            ["trials"] = kills,
            ["lost_steps"] = audit.LostSteps + _lost,
            ["duplicate_steps"] = audit.DuplicateSteps,
            ["final_checkpoint_mismatches"] = audit.CheckpointMismatches,
            ["other_differences"] = audit.OtherDifferences,
            ["runs"] = runs,
            ["in_checkpoint_writes"] = _inCheckpoint,
            ["in_parquet_writes"] = _inParquet,
        };
    }

    private (string Run, double Seconds) Undisturbed()
    {
        var run = program.At("undisturbed");
        var started = Stopwatch.StartNew();
        using var process = program.TrainOrResume(run);
        return process.Finish() == 0 ? (run, started.Elapsed.TotalSeconds) : throw new Core.RunException($"the undisturbed run failed: {process.Error.Trim()}");
    }

    /// <summary>Goes on with a run, and kills it when a trial is due. True when the run is done.</summary>
    private bool Attempt(string run, int? trial, double seconds, ref int kills)
    {
        var covered = NewestCheckpoint(run);
        using var process = program.TrainOrResume(run);
        if (trial is { } number && WaitFor(process, run, number % 3, seconds))
        {
            process.Kill();
            kills++;
            _inCheckpoint += Directory.Exists(Path.Combine(run, "checkpoints")) && Directory.EnumerateDirectories(Path.Combine(run, "checkpoints"), "*.unfinished").Any() ? 1 : 0;
            _inParquet += Directory.Exists(Path.Combine(run, "rollouts")) && Directory.EnumerateFiles(Path.Combine(run, "rollouts"), "*.partial").Any() ? 1 : 0;
            if (!File.Exists(Path.Combine(run, "run.json")) && Directory.Exists(run))
            {
                // Killed before there was a run: nothing to resume, and train takes no folder that holds something.
                Directory.Delete(run, recursive: true);
            }

            CountLost(process, covered);
            return false;
        }

        if (process.Finish() != 0)
        {
            throw new Core.RunException($"{run}: a run that was killed before cannot go on: {process.Error.Trim()}");
        }

        CountLost(process, covered);
        return true;
    }

    /// <summary>A step that a checkpoint covered must not be done again.</summary>
    private void CountLost(RunningProgram process, long covered)
    {
        if (GoingOn().Match(process.Out) is { Success: true } line)
        {
            _lost += Math.Max(0, covered - long.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Waits for the moment of the kill. False when the process ended before.</summary>
    private bool WaitFor(RunningProgram process, string run, int kind, double seconds)
    {
        var (folder, pattern) = kind == 1 ? ("checkpoints", "*.unfinished") : ("rollouts", "*.partial");
        var (clock, moment) = (Stopwatch.StartNew(), _random.NextDouble() * seconds);
        var target = Path.Combine(run, folder);
        while (!process.Process.HasExited)
        {
            var due = clock.Elapsed.TotalSeconds >= moment;
            if (due && (kind == 0 || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target, pattern).Any())))
            {
                Thread.SpinWait(_random.Next(kind == 0 ? 1 : 20_000));
                return true;
            }

            if (kind == 0)
            {
                Thread.Sleep(1);
            }
        }

        return false;
    }

    private static long NewestCheckpoint(string run)
    {
        var folder = Path.Combine(run, "checkpoints");
        return !Directory.Exists(folder) ? 0 : Directory.EnumerateDirectories(folder, "step-*").Select(d => Path.GetFileName(d)["step-".Length..])
            .Select(s => long.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : 0).DefaultIfEmpty(0).Max();
    }

    [GeneratedRegex("going on after step ([0-9]+) of")]
    private static partial Regex GoingOn();
}
