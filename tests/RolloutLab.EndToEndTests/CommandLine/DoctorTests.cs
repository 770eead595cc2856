using System.Text.Json;
using RolloutLab.Cli;
using RolloutLab.Core;
using RolloutLab.Runs;
using RolloutLab.Torch;

namespace RolloutLab.EndToEndTests.CommandLine;

public sealed class DoctorTests
{
    private static readonly MachineInfo GoodMachine = new("A CPU", 2, ["avx2", "fma"], 16L << 30, 8L << 30);

    private static readonly TorchRuntimeInfo GoodTorch = new(
        "1.13.1", "AVX2", 2, 1, new BlasInfo("openblas", "openmp", "Haswell", "", "", 2), true, true, false, [], "", false, false, "", true);

    [Fact]
    public void A_complete_machine_is_well()
    {
        var checks = Examine(GoodSources());
        Assert.All(checks, check => Assert.Equal(CheckStatus.Ok, check.Status));
        Assert.Equal("1.13.1, from Debian (/usr)", Find(checks, "LibTorch").Found);
        Assert.Equal("openblas openmp Haswell, 2 threads", Find(checks, "BLAS").Found);
        Assert.Equal("v1.5.0 (/duck.so)", Find(checks, "DuckDB").Found);
        Assert.Equal("A CPU, 2 cores, avx2 fma", Find(checks, "CPU").Found);
        Assert.Equal("16.0 GiB, 8.00 GiB available", Find(checks, "memory").Found);
    }

    [Fact]
    public void Without_anything_it_says_what_is_missing_and_does_not_fail()
    {
        var checks = Examine(GoodSources() with
        {
            Machine = new MachineInfo(null, 1, [], 1L << 30, null),
            Variable = _ => null,
            FreeBytes = _ => throw new IOException(),
            NativeLibraryPath = () => throw new SetupException("the native library is nowhere; run ./rolloutlab setup"),
        });
        Assert.Equal(
            new Check("native layer", CheckStatus.Problem, "the native library is nowhere", "run ./rolloutlab setup"), Find(checks, "native layer"));
        Assert.Equal(["memory", "disk", "LibTorch", "DuckDB"], checks.Where(c => c.Status == CheckStatus.Warning && c.Name != "CPU").Select(c => c.Name));
        Assert.Equal(CheckStatus.Problem, CheckReport.Worst(checks));
        Assert.Equal("[red]training cannot work before the problems are solved[/]", CheckReport.Lines(checks).Last());
    }

    [Fact]
    public void A_library_that_cannot_be_loaded_is_a_problem()
    {
        var checks = Examine(GoodSources() with { Torch = () => throw new SetupException("x.so cannot be loaded; run ./rolloutlab setup") });
        Assert.Equal(CheckStatus.Problem, Find(checks, "native layer").Status);
    }

    [Fact]
    public void A_blas_that_fights_with_the_threads_is_a_warning_with_its_remedy()
    {
        var checks = Examine(GoodSources() with { Torch = () => GoodTorch with { Blas = GoodTorch.Blas with { Threading = "pthread" } } });
        var warning = Assert.Single(checks, check => check.Status == CheckStatus.Warning);
        Assert.Equal(("threading", "install libopenblas0-openmp or run with --threads 1"), (warning.Name, warning.Remedy));
    }

    [Theory]
    [InlineData(1L << 20, CheckStatus.Problem)]
    [InlineData(500L << 20, CheckStatus.Warning)]
    [InlineData(2L << 30, CheckStatus.Ok)]
    public void A_full_disk_is_worse_than_a_nearly_full_one(long free, object expected) =>
        Assert.Equal(expected, Find(Examine(GoodSources() with { FreeBytes = _ => free }), "disk").Status);

    [Fact]
    public void A_damaged_duckdb_does_not_stop_training()
    {
        var checks = Examine(GoodSources() with { DuckDbVersion = _ => throw new SetupException("/duck.so is not DuckDB's C library; run ./rolloutlab setup") });
        Assert.Equal((CheckStatus.Warning, "run ./rolloutlab setup"), (Find(checks, "DuckDB").Status, Find(checks, "DuckDB").Remedy));
    }

    [Fact]
    public void A_library_that_is_not_duckdb_is_recognised()
    {
        Assert.Contains("missing or cannot be loaded", Assert.Throws<SetupException>(() => DuckDbLibrary.Version("/no/such.so")).Message, StringComparison.Ordinal);
        Assert.Contains("is not DuckDB's", Assert.Throws<SetupException>(() => DuckDbLibrary.Version("libc.so.6")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_the_worst_status_and_every_check()
    {
        var checks = Examine(GoodSources() with { FreeBytes = _ => 0 });
        using var document = JsonDocument.Parse(CheckReport.ToJson(checks));
        Assert.Equal("problem", document.RootElement.GetProperty("status").GetString());
        var disk = document.RootElement.GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("name").GetString() == "disk");
        Assert.Equal(("problem", "0 KiB free in /here"), (disk.GetProperty("status").GetString(), disk.GetProperty("found").GetString()));
        Assert.Equal(checks.Count, document.RootElement.GetProperty("checks").GetArrayLength());
    }

    private static SetupSources GoodSources() => new()
    {
        ProgramVersion = "1.2.3",
        Machine = GoodMachine,
        Folder = "/here",
        Variable = name => name switch
        {
            "ROLLOUTLAB_LIBTORCH" => "/usr",
            "ROLLOUTLAB_LIBTORCH_SOURCE" => "debian",
            "ROLLOUTLAB_DUCKDB" => "/duck.so",
            _ => null,
        },
        FreeBytes = _ => 100L << 30,
        NativeLibraryPath = () => "/native.so",
        Torch = () => GoodTorch,
        DuckDbVersion = _ => "v1.5.0",
        CbcVersion = () => "2.10.8",
    };

    private static IReadOnlyList<Check> Examine(SetupSources sources) => new SetupExamination(sources).Run();

    private static Check Find(IReadOnlyList<Check> checks, string name) => checks.Single(check => check.Name == name);
}
