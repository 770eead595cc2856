using System.Diagnostics;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary>What a failed test leaves behind: nothing that runs.</summary>
public sealed class OwnedProcessTests
{
    [Fact]
    public void Disposing_ends_the_process_and_what_it_started()
    {
        int own, child;
        using (var process = OwnedProcess.Start(new ProcessStartInfo("sh", ["-c", "sleep 600 & echo $!; wait"]) { RedirectStandardOutput = true }))
        {
            (own, child) = (process.Id, int.Parse(process.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture));
            Assert.True(IsRunning(own) && IsRunning(child));
        }

        Assert.False(IsRunning(own));
        for (var waited = Stopwatch.StartNew(); IsRunning(child) && waited.Elapsed < TimeSpan.FromSeconds(30);)
        {
            Thread.Sleep(10);
        }

        Assert.False(IsRunning(child));
    }

    [Fact]
    public void A_process_that_ended_keeps_its_exit_code_until_it_is_disposed_twice()
    {
        using var process = OwnedProcess.Start(new ProcessStartInfo("sh", ["-c", "exit 3"]));
        process.WaitForExit();
        Assert.Equal(3, process.ExitCode);
        process.Dispose();
    }

    /// <summary>Whether a process is there and not only waits to be told as ended.</summary>
    private static bool IsRunning(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[stat.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
