using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>Names the machine in reports.</summary>
internal static class Machine
{
    /// <summary>CPU, threads, kernels and libraries that the figures depend on.</summary>
    public static string Describe(TorchRuntimeInfo info) =>
        $"{CpuName()}, {info.AtenThreads} threads, {info.CpuCapability}, {info.Blas.Name} {info.Blas.Threading} {info.Blas.Core}, LibTorch {info.LibtorchVersion}";

    /// <summary>The CPU, where the figures depend on nothing else.</summary>
    public static string CpuName()
    {
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal));
        return line is null ? "unknown CPU" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
