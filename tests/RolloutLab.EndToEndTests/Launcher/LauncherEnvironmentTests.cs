using System.Runtime.Intrinsics.X86;

namespace RolloutLab.EndToEndTests.Launcher;

/// <summary>The variables the program is started with.</summary>
public sealed class LauncherEnvironmentTests : IDisposable
{
    private readonly LauncherSandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public void The_program_is_told_where_its_libraries_are()
    {
        _sandbox.Run("doctor");

        Dictionary<string, string> environment = _sandbox.ProgramEnvironment();
        Assert.Equal("~/project", environment["ROLLOUTLAB_HOME"]);
        Assert.Equal("~/project/.build/native/librolloutlab.so", environment["ROLLOUTLAB_NATIVE"]);
        Assert.Equal("~/project/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so", environment["ROLLOUTLAB_DUCKDB"]);
        Assert.Equal("~/torch", environment["ROLLOUTLAB_LIBTORCH"]);
        Assert.Equal("LIBTORCH", environment["ROLLOUTLAB_LIBTORCH_SOURCE"]);
        Assert.False(environment.ContainsKey("LD_LIBRARY_PATH"), "only Debian's LibTorch takes Debian's OpenBLAS");
    }

    [Theory]
    [InlineData("3", "train", "--threads", "3")]
    [InlineData("3", "train", "--threads=3", "--json")]
    [InlineData("5", "train", "--json")]
    [InlineData("5", "train", "--threads", "many")]
    [InlineData("5", "train", "--threads")]
    public void Threads_come_from_the_command_line_before_the_environment(string expected, params string[] arguments)
    {
        _sandbox.SetEnvironment("OMP_NUM_THREADS", "5");

        _sandbox.Run(arguments);

        Assert.Equal(expected, _sandbox.ProgramEnvironment()["OMP_NUM_THREADS"]);
    }

    [Fact]
    public void Threads_are_the_cores_of_this_process_when_nobody_says()
    {
        _sandbox.Run("train");

        // .NET reads the same affinity and quota by its own means, and rounds a quota up as well.
        Assert.Equal($"{Environment.ProcessorCount}", _sandbox.ProgramEnvironment()["OMP_NUM_THREADS"]);
    }

    [Fact]
    public void Kernels_are_chosen_by_the_features_of_the_CPU()
    {
        _sandbox.Run("train");

        Dictionary<string, string> environment = _sandbox.ProgramEnvironment();
        bool avx512 = Avx512F.VL.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported;
        bool avx2 = Avx2.IsSupported && Fma.IsSupported;
        Assert.Equal(avx512 ? "SkylakeX" : avx2 ? "Haswell" : null, environment.GetValueOrDefault("OPENBLAS_CORETYPE"));
        Assert.Equal(avx512 ? "avx512" : avx2 ? "avx2" : null, environment.GetValueOrDefault("ATEN_CPU_CAPABILITY"));
    }

    [Fact]
    public void Kernels_that_the_user_has_chosen_stay()
    {
        _sandbox.SetEnvironment("OPENBLAS_CORETYPE", "Zen");
        _sandbox.SetEnvironment("ATEN_CPU_CAPABILITY", "default");

        _sandbox.Run("train");

        Assert.Equal("Zen", _sandbox.ProgramEnvironment()["OPENBLAS_CORETYPE"]);
        Assert.Equal("default", _sandbox.ProgramEnvironment()["ATEN_CPU_CAPABILITY"]);
    }

    [Fact]
    public void Bench_runs_the_benchmarks_with_the_remaining_arguments()
    {
        LauncherCall call = _sandbox.Run("bench", "core", "--json");

        Assert.Equal("dotnet ~/project/tests/RolloutLab.Benchmarks/bin/Release/net10.0/RolloutLab.Benchmarks.dll core --json", call.Calls[^1]);
    }
}
