namespace RolloutLab.Runs;

/// <summary>The machine, as far as it matters to a run.</summary>
/// <param name="CpuModel">Name of the processor; null where the system does not tell.</param>
/// <param name="CpuCount">Logical processors this process may use.</param>
/// <param name="CpuFeatures">The vector instruction sets it has, of those that LibTorch has kernels for, in rising order.</param>
/// <param name="MemoryBytes">Memory this process may use, a container's limit included.</param>
/// <param name="AvailableBytes">How much of it could be had now; null where the system does not tell.</param>
public sealed record MachineInfo(string? CpuModel, int CpuCount, IReadOnlyList<string> CpuFeatures, long MemoryBytes, long? AvailableBytes)
{
    private static readonly string[] VectorFeatures =
        ["sse4_2", "avx", "avx2", "fma", "avx512f", "avx512dq", "avx512bw", "avx512vl", "amx_tile"];

    /// <summary>Looks at this machine. What the system does not tell stays empty.</summary>
    public static MachineInfo Read()
    {
        var (model, features) = ParseCpu(ReadOrEmpty("/proc/cpuinfo"));
        var memory = MemoryLimit.Read() ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var available = ParseAvailable(ReadOrEmpty("/proc/meminfo"));
        return new MachineInfo(model, Environment.ProcessorCount, features, memory, available is { } free ? Math.Min(free, memory) : null);
    }

    /// <summary>Processor and vector features from the text of <c>/proc/cpuinfo</c>.</summary>
    internal static (string? Model, IReadOnlyList<string> Features) ParseCpu(string cpuinfo)
    {
        var flags = (Field(cpuinfo, "flags") ?? "").Split(' ').ToHashSet(StringComparer.Ordinal);
        return (Field(cpuinfo, "model name"), [.. VectorFeatures.Where(flags.Contains)]);
    }

    /// <summary>Available bytes from the text of <c>/proc/meminfo</c>; null when it does not say.</summary>
    internal static long? ParseAvailable(string meminfo) => Kibibytes(meminfo, "MemAvailable");

    /// <summary>All bytes of the machine from the text of <c>/proc/meminfo</c>; null when it does not say.</summary>
    internal static long? ParseTotal(string meminfo) => Kibibytes(meminfo, "MemTotal");

    private static long? Kibibytes(string meminfo, string name) =>
        Field(meminfo, name) is { } text && long.TryParse(text.Split(' ')[0], out var kibibytes) ? kibibytes * 1024 : null;

    private static string? Field(string text, string name)
    {
        foreach (var line in text.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line.AsSpan(0, colon).Trim().SequenceEqual(name))
            {
                return line[(colon + 1)..].Trim();
            }
        }

        return null;
    }

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (FileFault.IsFileFault(fault))
        {
            return "";
        }
    }
}
