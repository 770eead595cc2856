using System.Diagnostics;
using System.Text.Json.Nodes;
using RolloutLab.EndToEndTests.CommandLine;

namespace RolloutLab.EndToEndTests.Reliability;

/// <summary>A small version of each part of <c>bench reliability</c>; the full one is run by hand.</summary>
public sealed class ReliabilityBenchTests
{
    [Fact]
    public void Killed_runs_lose_nothing_and_do_nothing_twice()
    {
        var kill = Bench("kill", 3);

        Assert.Equal(3, (int)kill["trials"]!);
        foreach (var name in (string[])["lost_steps", "duplicate_steps", "final_checkpoint_mismatches", "other_differences"])
        {
            Assert.True((int)kill[name]! == 0, kill.ToJsonString());
        }
    }

    [Fact]
    public void A_full_disk_is_a_line_and_the_run_goes_on_when_there_is_room()
    {
        var full = Bench("disk_full", 3);

        Assert.True((int)full["failures"]! == 0, full.ToJsonString());
        Assert.True(full["skipped"] is not null || (int)full["full"]! > 0, full.ToJsonString());
    }

    [Fact]
    public void Damaged_files_never_crash_hang_or_pass_for_whole()
    {
        var damaged = Bench("damaged_files", 6);

        Assert.Equal(60, (int)damaged["trials"]!);
        Assert.True((int)damaged["crashes"]! + (int)damaged["hangs"]! + (int)damaged["silent"]! == 0, damaged.ToJsonString());
        Assert.True((int)damaged["told"]! > 40, damaged.ToJsonString());
    }

    [Fact]
    public void Memory_is_measured_over_training_and_simulation()
    {
        var soak = Bench("soak", 2);

        // So few steps end inside the warm-up: that it is measured is what can be asserted here.
        Assert.InRange((double)soak["memory_growth"]!, -1, 10);
        Assert.Equal((20, 200), ((int)soak["training_steps"]!, (int)soak["simulation_steps"]!));
    }

    [RootFact]
    public void Stopped_by_a_signal_it_leaves_no_file_system_and_no_folder_behind()
    {
        var temporary = Directory.CreateTempSubdirectory("rolloutlab-stopped-").FullName;
        using var process = Start("disk_full", 40, temporary);
        for (var deadline = DateTime.UtcNow.AddMinutes(2); !IsMounted() && DateTime.UtcNow < deadline;)
        {
            Thread.Sleep(20);
        }

        Assert.True(IsMounted());
        using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            kill.WaitForExit();
        }

        process.WaitForExit();

        Assert.Equal(130, process.ExitCode);
        Assert.False(IsMounted());
        Assert.Empty(Directory.EnumerateFileSystemEntries(temporary));
        Directory.Delete(temporary);

        bool IsMounted() => File.ReadLines("/proc/mounts").Any(l => l.Contains(temporary, StringComparison.Ordinal));
    }

    private static JsonNode Bench(string part, int trials)
    {
        using var process = Start(part, trials);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return JsonNode.Parse(output)![part]!;
    }

    private static OwnedProcess Start(string part, int trials, string? temporary = null)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "RolloutLab.sln")))
        {
            root = root.Parent;
        }

        var program = Path.Combine(root.FullName, "tests", "RolloutLab.Benchmarks", "bin", "Release", "net10.0", "RolloutLab.Benchmarks.dll");
        var start = new ProcessStartInfo("dotnet", [program, "reliability", "--only", part, "--trials", $"{trials}", "--json"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ROLLOUTLAB_HOME"] = root.FullName;
        start.Environment["TMPDIR"] = temporary ?? Path.GetTempPath();
        return OwnedProcess.Start(start);
    }
}
