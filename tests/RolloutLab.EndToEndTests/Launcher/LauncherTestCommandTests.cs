namespace RolloutLab.EndToEndTests.Launcher;

/// <summary>How the results of several test projects become one line and one exit code.</summary>
public sealed class LauncherTestCommandTests : IDisposable
{
    private readonly LauncherSandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public void Results_are_summed_over_the_projects_and_skips_name_their_reason()
    {
        Results("First", passed: 40, failed: 0, "no &lt;data&gt;", "no &lt;data&gt;");
        Results("Second", passed: 2, failed: 0, "no GPU");

        LauncherCall call = _sandbox.Run("test", "--filter", "Name~A");

        Assert.Equal(0, call.ExitCode);
        Assert.Equal(
            """
            console of RolloutLab.FirstTests
            console of RolloutLab.SecondTests
            1 skipped: no GPU
            2 skipped: no <data>
            42 passed, 0 failed, 3 skipped

            """,
            call.Output);
        Assert.EndsWith(" --filter Name~A", call.Calls[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_test_fails_the_call_and_the_other_project_still_runs()
    {
        Results("First", passed: 3, failed: 2);
        _sandbox.Write("RolloutLab.FirstTests.exit", "1");
        Results("Second", passed: 4, failed: 0);

        LauncherCall call = _sandbox.Run("test");

        Assert.Equal(1, call.ExitCode);
        Assert.EndsWith("\n7 passed, 2 failed\n", call.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_project_that_crashes_counts_as_a_failure(bool leavesResults)
    {
        Results("First", passed: 3, failed: 0);
        if (leavesResults)
        {
            Results("Second", passed: 1, failed: 0);
        }

        _sandbox.Write("RolloutLab.SecondTests.exit", "134");

        LauncherCall call = _sandbox.Run("test");

        Assert.Equal(1, call.ExitCode);
        Assert.EndsWith($"\n{(leavesResults ? 4 : 3)} passed, 1 failed\n", call.Output, StringComparison.Ordinal);
        Assert.EndsWith("RolloutLab.SecondTests ended with exit code 134 and no failed test: counted as one failure\n", call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_in_which_no_test_ran_fails()
    {
        Results("First", passed: 0, failed: 0, "no data");
        Results("Second", passed: 0, failed: 0);

        LauncherCall call = _sandbox.Run("test");

        Assert.Equal(1, call.ExitCode);
        Assert.EndsWith("\n0 passed, 0 failed, 1 skipped\n", call.Output, StringComparison.Ordinal);
        Assert.EndsWith("no test ran: the filter matches none, or all were skipped\n", call.Error, StringComparison.Ordinal);
    }

    private void Results(string project, int passed, int failed, params string[] skipReasons)
    {
        string skipped = string.Concat(skipReasons.Select(reason =>
            $"""<UnitTestResult testName="T" outcome="NotExecuted"><Output><ErrorInfo><Message>{reason}</Message></ErrorInfo></Output></UnitTestResult>{'\n'}"""));
        int executed = passed + failed;
        _sandbox.Write(
            $"RolloutLab.{project}Tests.trx",
            $"""
             <TestRun><Results><UnitTestResult testName="P" outcome="Passed" />
             {skipped}</Results>
               <Counters total="{executed + skipReasons.Length}" executed="{executed}" passed="{passed}" failed="{failed}" error="0" />
             </TestRun>
             """);
    }
}
