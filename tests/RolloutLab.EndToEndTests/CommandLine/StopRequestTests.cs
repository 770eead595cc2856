using System.Diagnostics;
using RolloutLab.Cli;

namespace RolloutLab.EndToEndTests.CommandLine;

[Collection(ProcessSignals.Name)]
public sealed class StopRequestTests
{
    [Fact]
    public void The_first_request_asks_and_says_so_the_second_ends_it()
    {
        var said = new List<string>();
        var ended = 0;
        using var stop = new StopRequest("stopping after this step", said.Add, () => ended++);
        Assert.False(stop.Token.IsCancellationRequested);
        stop.Request();
        Assert.True(stop.Token.IsCancellationRequested);
        Assert.Equal(["stopping after this step; once more ends it at once"], said);
        Assert.Equal(0, ended);
        stop.Request();
        Assert.Equal(1, ended);
        Assert.Single(said);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void Each_signal_that_ends_a_program_asks_to_stop(string signal)
    {
        using var announced = new ManualResetEventSlim();
        using var stop = new StopRequest("stopping", _ => announced.Set(), () => Assert.Fail("ended at the first signal"));
        using (new StopSignals(stop))
        {
            using var kill = Process.Start("kill", [$"-{signal}", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
            Assert.True(announced.Wait(TimeSpan.FromSeconds(10)), "the signal did not arrive");
        }

        Assert.True(stop.Token.IsCancellationRequested);
    }
}
