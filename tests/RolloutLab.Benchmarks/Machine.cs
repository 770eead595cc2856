namespace RolloutLab.Benchmarks;

/// <summary>Names the machine in reports.</summary>
internal static class Machine
{
    public static string CpuName()
    {
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal));
        return line is null ? "unknown CPU" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
