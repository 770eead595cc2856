using System.Diagnostics;

namespace RolloutLab.EndToEndTests.Launcher;

/// <summary>Which steps of the set-up run when, and what is left after one that failed or was killed.</summary>
public sealed class LauncherSetUpTests : IDisposable
{
    private const string Configure =
        "cmake -G Ninja -S ~/project/native -B ~/project/.build/native -DCMAKE_BUILD_TYPE=Release " +
        "-DCMAKE_PREFIX_PATH=~/torch -DTorch_DIR=~/torch/share/cmake/Torch";

    private const string Program = "dotnet ~/project/src/RolloutLab.Cli/bin/Release/net10.0/rolloutlab.dll";

    private readonly LauncherSandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public void The_first_call_sets_up_and_then_runs_the_program_with_its_arguments()
    {
        LauncherCall call = _sandbox.Run("train", "a recipe.yaml", "--json");

        Assert.Equal(7, call.ExitCode);
        Assert.Equal("output of the program\n", call.Output);
        Assert.Equal(["npm", "cmake", "cmake", "dotnet", "dotnet"], call.Calls.Select(line => line.Split(' ')[0]));
        Assert.StartsWith("npm --prefix ~/project ci --ignore-scripts", call.Calls[0], StringComparison.Ordinal);
        Assert.Equal(Configure, call.Calls[1]);
        Assert.StartsWith("cmake --build ~/project/.build/native", call.Calls[2], StringComparison.Ordinal);
        Assert.StartsWith("dotnet build RolloutLab.sln -c Release", call.Calls[3], StringComparison.Ordinal);
        Assert.Contains("-p:RestoreLockedMode=true", call.Calls[3], StringComparison.Ordinal);
        Assert.DoesNotContain("--no-incremental", call.Calls[3], StringComparison.Ordinal);
        Assert.Equal(Program + " train a recipe.yaml --json", call.Calls[4]);
    }

    [Fact]
    public void A_later_call_runs_only_the_program_and_says_nothing()
    {
        _sandbox.Run("setup");
        _sandbox.Write("project/src/RolloutLab.Cli/obj/generated.cs", "made by a build");

        LauncherCall call = _sandbox.Run("eval");

        Assert.Equal([Program + " eval"], call.Calls);
        Assert.Equal("", call.Error);
    }

    [Fact]
    public void A_later_call_costs_less_than_half_a_second()
    {
        _sandbox.Run("setup");

        // The shortest of several: other work on the machine only ever adds.
        TimeSpan shortest = Enumerable.Range(0, 5).Min(_ =>
        {
            long start = Stopwatch.GetTimestamp();
            _sandbox.Run("eval");
            return Stopwatch.GetElapsedTime(start);
        });

        Assert.InRange(shortest.TotalSeconds, 0, 0.5);
    }

    [Theory]
    [InlineData("project/native/src/tensor.cpp", "cmake --build")]
    [InlineData("project/native/src/new.cpp", "cmake --build")]
    [InlineData("project/src/RolloutLab.Cli/Program.cs", "dotnet build")]
    [InlineData("project/tests/RolloutLab.FirstTests/A.cs", "dotnet build")]
    [InlineData("project/Directory.Packages.props", "dotnet build")]
    [InlineData("project/package-lock.json", "npm --prefix")]
    public void A_changed_or_new_file_repeats_only_its_step(string file, string step)
    {
        _sandbox.Run("setup");
        _sandbox.Write(file, "changed");

        LauncherCall call = _sandbox.Run("setup");

        Assert.StartsWith(step, Assert.Single(call.Calls), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("project/src/RolloutLab.Cli/Extra.cs", "dotnet build")]
    [InlineData("project/native/src/tensor.cpp", "cmake --build")]
    [InlineData("project/.build/native/librolloutlab.so", "cmake --build")]
    [InlineData("project/src/RolloutLab.Cli/bin/Release/net10.0/rolloutlab.dll", "dotnet build")]
    [InlineData("project/tests/RolloutLab.SecondTests/bin/Release/net10.0/RolloutLab.SecondTests.dll", "dotnet build")]
    [InlineData("project/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so", "npm --prefix")]
    public void A_deleted_source_or_product_repeats_only_its_step(string file, string step)
    {
        _sandbox.Run("setup");
        _sandbox.Delete(file);

        LauncherCall call = _sandbox.Run("setup");

        Assert.StartsWith(step, Assert.Single(call.Calls), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_LibTorch_is_configured_from_an_empty_build_folder()
    {
        _sandbox.Run("setup");
        _sandbox.Write("project/.build/native/CMakeCache.txt", "of the old LibTorch");
        _sandbox.Write("other/share/cmake/Torch/TorchConfig.cmake", "");
        _sandbox.SetEnvironment("LIBTORCH", "~/other");

        LauncherCall call = _sandbox.Run("setup");

        Assert.Equal(2, call.Calls.Length);
        Assert.Equal(Configure.Replace("~/torch", "~/other", StringComparison.Ordinal), call.Calls[0]);
        Assert.StartsWith("cmake --build", call.Calls[1], StringComparison.Ordinal);
        Assert.False(_sandbox.Exists("project/.build/native/CMakeCache.txt"));
    }

    [Theory]
    [InlineData("dotnet", "error CS1002: ; expected", "rolloutlab: the solution does not build: see .build/dotnet.log")]
    [InlineData(
        "cmake",
        "tensor.cpp:7:1: error: expected ;",
        "rolloutlab: native/ does not build against the LibTorch in ~/torch: see .build/native.log; " +
        "LIBTORCH=folder takes another, LIBTORCH=/usr takes Debian's")]
    public void A_failed_build_shows_its_errors_ends_the_call_and_is_tried_again(string tool, string compilerError, string message)
    {
        _sandbox.Write("fail-" + tool, "");

        LauncherCall failed = _sandbox.Run("train");
        _sandbox.Delete("fail-" + tool);
        LauncherCall mended = _sandbox.Run("train");

        Assert.Equal(1, failed.ExitCode);
        Assert.Contains(compilerError, failed.Error, StringComparison.Ordinal);
        Assert.EndsWith(message + "\n", failed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(failed.Calls, line => line.StartsWith(Program, StringComparison.Ordinal));
        Assert.Equal(Program + " train", mended.Calls[^1]);
        Assert.DoesNotContain(mended.Calls, line => line.Contains("--no-incremental", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_DuckDB_the_program_runs_after_one_warning_and_only_setup_tries_again()
    {
        _sandbox.Write("fail-npm", "");

        LauncherCall first = _sandbox.Run("train");
        LauncherCall second = _sandbox.Run("train");
        _sandbox.Delete("fail-npm");
        LauncherCall setup = _sandbox.Run("setup");

        Assert.Contains(
            "rolloutlab: warning: no DuckDB, so rollouts cannot be stored as Parquet (see .build/npm.log): " +
            "mend that, then run ./rolloutlab setup\n",
            first.Error,
            StringComparison.Ordinal);
        Assert.Equal(7, first.ExitCode);
        Assert.Equal([Program + " train"], second.Calls);
        Assert.Equal("", second.Error);
        Assert.StartsWith("npm ", Assert.Single(setup.Calls), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_first_calls_at_once_set_up_once()
    {
        _sandbox.Write("hold", "");
        using Process first = _sandbox.Start("train");
        using Process second = _sandbox.Start("eval");
        Thread.Sleep(300);
        _sandbox.Delete("hold");
        string errors = _sandbox.Finish(first).Error;
        errors += _sandbox.Finish(second).Error;

        _sandbox.Run("setup");

        Assert.Equal(7, first.ExitCode);
        Assert.Equal(7, second.ExitCode);
        Assert.Single(Builds(_sandbox.AllCalls()));
        Assert.Single(_sandbox.AllCalls(), line => line.StartsWith("npm", StringComparison.Ordinal));
        Assert.Contains("waiting for the set-up that another call is doing", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_killed_build_is_done_anew_after_its_orphan_has_ended()
    {
        _sandbox.Write("hold", "");
        using Process killed = _sandbox.Start("train");
        Assert.True(SpinWait.SpinUntil(() => Builds(_sandbox.AllCalls()).Any(), TimeSpan.FromSeconds(30)));
        killed.Kill();
        killed.WaitForExit();
        using Process next = _sandbox.Start("train");
        Thread.Sleep(200);
        int buildsWhileHeld = Builds(_sandbox.AllCalls()).Count();
        _sandbox.Delete("hold");
        LauncherCall repaired = _sandbox.Finish(next);

        Assert.Equal(1, buildsWhileHeld);
        Assert.Contains("--no-incremental", Builds(repaired.Calls).Last(), StringComparison.Ordinal);
        Assert.Equal(Program + " train", repaired.Calls[^1]);
    }

    private static IEnumerable<string> Builds(string[] calls) =>
        calls.Where(line => line.StartsWith("dotnet build", StringComparison.Ordinal));
}
