using System.Runtime.InteropServices;
using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Cli;

/// <summary>Looks at everything a run needs. What is missing becomes a check, never an exception.</summary>
internal sealed class SetupExamination(SetupSources sources)
{
    private const long EnoughMemory = 2L << 30;
    private const long EnoughDisk = 1L << 30;
    private const long LeastDisk = 64L << 20;

    /// <summary>Examines the machine.</summary>
    public IReadOnlyList<Check> Run() =>
    [
        new Check("rolloutlab", CheckStatus.Ok, sources.ProgramVersion),
        new Check(".NET", CheckStatus.Ok, $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}"),
        Cpu(),
        Memory(),
        Disk(),
        .. NativeLayer(),
        DuckDb(),
        Cbc(),
    ];

    private Check Cpu()
    {
        var machine = sources.Machine;
        var model = machine.CpuModel ?? RuntimeInformation.ProcessArchitecture.ToString();
        var features = machine.CpuFeatures.Count == 0 ? "" : $", {string.Join(' ', machine.CpuFeatures)}";
        var found = $"{model}, {Figures.Count(machine.CpuCount)} cores{features}";
        var isSlow = RuntimeInformation.ProcessArchitecture == Architecture.X64 && !machine.CpuFeatures.Contains("avx2");
        return isSlow
            ? new Check("CPU", CheckStatus.Warning, $"{found}; slow without AVX2", "use the host's CPU type in a virtual machine")
            : new Check("CPU", CheckStatus.Ok, found);
    }

    private Check Memory()
    {
        var machine = sources.Machine;
        var available = machine.AvailableBytes ?? machine.MemoryBytes;
        var found = $"{Figures.Bytes(machine.MemoryBytes)}, {Figures.Bytes(available)} available";
        return available < EnoughMemory
            ? new Check("memory", CheckStatus.Warning, found, "close other programs, or lower engine.kv_tokens and micro_batch_tokens")
            : new Check("memory", CheckStatus.Ok, found);
    }

    private Check Disk()
    {
        const string remedy = "free some space, or run where there is more";
        try
        {
            var free = sources.FreeBytes(sources.Folder);
            var found = $"{Figures.Bytes(free)} free in {sources.Folder}";
            return free switch
            {
                < LeastDisk => new Check("disk", CheckStatus.Problem, found, remedy),
                < EnoughDisk => new Check("disk", CheckStatus.Warning, found, remedy),
                _ => new Check("disk", CheckStatus.Ok, found),
            };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new Check("disk", CheckStatus.Warning, $"free space in {sources.Folder} is unknown", "check that this folder exists");
        }
    }

    private IEnumerable<Check> NativeLayer()
    {
        string path;
        TorchRuntimeInfo info;
        try
        {
            path = sources.NativeLibraryPath();
            info = sources.Torch();
        }
        catch (RolloutLabException error)
        {
            return [Check.OfMessage("native layer", CheckStatus.Problem, error.Message), UnloadedTorch()];
        }

        return
        [
            new Check("native layer", CheckStatus.Ok, $"{path}, interface version {Figures.Count(TorchRuntime.InterfaceVersion)}"),
            new Check("LibTorch", CheckStatus.Ok, $"{info.LibtorchVersion}{TorchOrigin()}"),
            Blas(info),
            .. info.Warnings.Select(warning => Check.OfMessage("threading", CheckStatus.Warning, warning)),
            Kernels(info),
            new Check("threads", CheckStatus.Ok, $"{Figures.Count(info.AtenThreads)} by default; --threads sets them"),
            new Check("CUDA", CheckStatus.Ok, Cuda(info)),
        ];
    }

    private Check UnloadedTorch() => new("LibTorch", CheckStatus.Warning, $"not loaded{TorchOrigin()}");

    private string TorchOrigin()
    {
        var source = sources.Variable("ROLLOUTLAB_LIBTORCH_SOURCE") switch
        {
            "LIBTORCH" => ", named by LIBTORCH",
            "python" => ", from Python's torch",
            "debian" => ", from Debian",
            _ => "",
        };
        return sources.Variable("ROLLOUTLAB_LIBTORCH") is { Length: > 0 } root ? $"{source} ({root})" : source;
    }

    private static Check Blas(TorchRuntimeInfo info)
    {
        var blas = info.Blas;
        var words = new[] { blas.Name, blas.Threading, blas.Core }.Where(word => word.Length > 0);
        var threads = blas.Threads > 0 ? $", {Figures.Count(blas.Threads)} threads" : "";
        return new Check("BLAS", CheckStatus.Ok, $"{string.Join(' ', words)}{threads}");
    }

    private Check Kernels(TorchRuntimeInfo info)
    {
        var isBelowCpu =
            sources.Machine.CpuFeatures.Contains("avx2") && !info.CpuCapability.StartsWith("AVX", StringComparison.OrdinalIgnoreCase);
        return isBelowCpu
            ? new Check("kernels", CheckStatus.Warning, $"{info.CpuCapability}, although the CPU has AVX2", "unset ATEN_CPU_CAPABILITY")
            : new Check("kernels", CheckStatus.Ok, info.CpuCapability);
    }

    private static string Cuda(TorchRuntimeInfo info)
    {
        var found = info.CudaDevices.Select(d => $"{d.Name} ({Figures.Bytes(d.MemoryBytes)})").ToList();
        if (info.CudaCompiler.Length > 0)
        {
            found.Add(info.CudaCompiler);
        }

        if (info.CudaLack is { } lack)
        {
            found.Add($"{lack}: the CPU is used");
        }

        return string.Join("; ", found);
    }

    private Check DuckDb()
    {
        const string unneeded = "train, sft and eval do not need it";
        if (sources.Variable("ROLLOUTLAB_DUCKDB") is not { Length: > 0 } path)
        {
            return new Check("DuckDB", CheckStatus.Warning, $"not found; {unneeded}", "run this program through ./rolloutlab");
        }

        try
        {
            return new Check("DuckDB", CheckStatus.Ok, $"{sources.DuckDbVersion(path)} ({path})");
        }
        catch (SetupException error)
        {
            return Check.OfMessage("DuckDB", CheckStatus.Warning, $"{unneeded}, but {error.Message}");
        }
    }

    private Check Cbc() => sources.CbcVersion() is { } version
        ? new Check("CBC", CheckStatus.Ok, $"{version}, for plans under several budgets")
        : new Check(
            "CBC", CheckStatus.Warning, "not found; plans under several budgets are then greedy ones with their gap", "apt-get install coinor-libcbc3");
}
