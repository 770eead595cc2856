using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RolloutLab.Runs;

/// <summary>The machine and the libraries a run used: <c>environment.json</c>. Null where the run did not need it.</summary>
public sealed record RunEnvironment
{
    /// <summary>Version of this program.</summary>
    [JsonPropertyName("rolloutlab")]
    public required string ProgramVersion { get; init; }

    /// <summary>The .NET runtime.</summary>
    [JsonPropertyName("dotnet")]
    public required string DotNet { get; init; }

    /// <summary>The operating system.</summary>
    [JsonPropertyName("os")]
    public required string OperatingSystem { get; init; }

    /// <summary>Name of the processor; null where the system does not tell.</summary>
    [JsonPropertyName("cpu_model")]
    public string? CpuModel { get; init; }

    /// <summary>Logical processors this process may use.</summary>
    [JsonPropertyName("cpu_count")]
    public required int CpuCount { get; init; }

    /// <summary>Memory this process may use, bytes.</summary>
    [JsonPropertyName("memory_bytes")]
    public required long MemoryBytes { get; init; }

    /// <summary>Version of LibTorch.</summary>
    [JsonPropertyName("libtorch")]
    public string? LibTorch { get; init; }

    /// <summary>Where that LibTorch comes from.</summary>
    [JsonPropertyName("libtorch_source")]
    public string? LibTorchSource { get; init; }

    /// <summary>Its BLAS and that library's threading flavour.</summary>
    [JsonPropertyName("blas")]
    public string? Blas { get; init; }

    /// <summary>Vector kernels in use (<c>avx2</c>, <c>avx512</c>, ...).</summary>
    [JsonPropertyName("kernels")]
    public string? Kernels { get; init; }

    /// <summary>Compute threads.</summary>
    [JsonPropertyName("threads")]
    public int? Threads { get; init; }

    /// <summary>Device of the tensors (<c>cpu</c>, <c>cuda:0</c>).</summary>
    [JsonPropertyName("device")]
    public string? Device { get; init; }

    /// <summary>This machine, with the members about LibTorch still to be filled.</summary>
    /// <param name="programVersion">Version of this program.</param>
    public static RunEnvironment OfMachine(string programVersion)
    {
        var machine = MachineInfo.Read();
        return new RunEnvironment
        {
            ProgramVersion = programVersion,
            DotNet = RuntimeInformation.FrameworkDescription,
            OperatingSystem = RuntimeInformation.OSDescription,
            CpuModel = machine.CpuModel,
            CpuCount = machine.CpuCount,
            MemoryBytes = machine.MemoryBytes,
        };
    }

    /// <summary>The record as indented JSON, one trailing line feed.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RunJson.Default.RunEnvironment) + "\n";
}
