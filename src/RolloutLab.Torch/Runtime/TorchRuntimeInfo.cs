using System.Text.Json.Serialization;

namespace RolloutLab.Torch;

/// <summary>The linear algebra library the process runs.</summary>
/// <param name="Name"><c>openblas</c>, <c>mkl</c> or <c>unknown</c>.</param>
/// <param name="Threading"><c>openmp</c>, <c>pthread</c>, <c>none</c> or <c>unknown</c>.</param>
/// <param name="Core">The CPU kernels OpenBLAS chose (<c>SkylakeX</c>); empty when unknown.</param>
/// <param name="Config">The library's own description; empty when unknown.</param>
/// <param name="Path">Its shared object; empty when unknown.</param>
/// <param name="Threads">Threads in force; 0 when unknown.</param>
public sealed record BlasInfo(string Name, string Threading, string Core, string Config, string Path, int Threads);

/// <summary>One GPU.</summary>
/// <param name="Name">The vendor's name.</param>
/// <param name="MemoryBytes">All of its memory.</param>
public sealed record CudaDeviceInfo(string Name, long MemoryBytes);

/// <summary>What the native layer runs on, recorded with every run: any of it may change the last bits of a result.</summary>
/// <param name="LibtorchVersion">Version of LibTorch, <c>1.13.1</c>.</param>
/// <param name="CpuCapability">Instruction set ATen's kernels use, <c>AVX2</c> or <c>AVX512</c>.</param>
/// <param name="AtenThreads">Threads inside one operation.</param>
/// <param name="AtenInterOpThreads">Threads across operations; nothing here uses them.</param>
/// <param name="Blas">The linear algebra library.</param>
/// <param name="Mkldnn">Whether oneDNN is built in.</param>
/// <param name="Openmp">Whether ATen was built with OpenMP.</param>
/// <param name="CudaBuilt">Whether LibTorch has CUDA.</param>
/// <param name="CudaDevices">GPUs seen, by index.</param>
/// <param name="CudaCompiler">The CUDA compiler found when the native layer was built; empty for none.</param>
/// <param name="CudaDriver">Whether there is an NVIDIA driver.</param>
/// <param name="CudaKernels">Whether the native layer has CUDA kernels.</param>
/// <param name="CompileFlags">Compiler and flags of the native layer.</param>
/// <param name="Cxx11Abi">Whether strings have the C++11 ABI.</param>
public sealed record TorchRuntimeInfo(
    string LibtorchVersion,
    string CpuCapability,
    int AtenThreads,
    int AtenInterOpThreads,
    BlasInfo Blas,
    bool Mkldnn,
    bool Openmp,
    bool CudaBuilt,
    IReadOnlyList<CudaDeviceInfo> CudaDevices,
    string CudaCompiler,
    bool CudaDriver,
    bool CudaKernels,
    string CompileFlags,
    [property: JsonPropertyName("cxx11_abi")] bool Cxx11Abi)
{
    /// <summary>What is set up wrongly, one line with its remedy each; empty when all is well.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Warnings => [.. FindWarnings()];

    /// <summary>What lacks to run on a GPU, in one phrase; null when nothing does.</summary>
    [JsonIgnore]
    public string? CudaLack
    {
        get
        {
            var lacks = FindCudaLacks().ToList();
            return lacks.Count == 0 ? null : string.Join(", ", lacks);
        }
    }

    private IEnumerable<string> FindCudaLacks()
    {
        if (!CudaBuilt)
        {
            yield return $"LibTorch {LibtorchVersion} is built without CUDA (LIBTORCH=folder takes another)";
        }
        else if (CudaCompiler.Length == 0)
        {
            yield return "nvcc was not found when native/ was built";
        }

        if (!CudaDriver)
        {
            yield return "there is no NVIDIA driver (libcuda.so.1)";
        }
        else if (CudaBuilt && CudaDevices.Count == 0)
        {
            yield return "the NVIDIA driver shows no GPU";
        }

        if (CudaBuilt && CudaCompiler.Length > 0 && !CudaKernels)
        {
            yield return "native/ has no CUDA kernels";
        }
    }

    private IEnumerable<string> FindWarnings()
    {
        if (AtenThreads > 1 && Blas is { Name: "openblas", Threading: "pthread" })
        {
            yield return "OpenBLAS's pthread flavour runs beside ATen's OpenMP threads, which slows training two- to threefold; "
                + "install libopenblas0-openmp or run with --threads 1";
        }

        if (AtenThreads > 1 && Blas.Threads == 1)
        {
            yield return $"OpenBLAS runs 1 thread while ATen runs {AtenThreads}; set OMP_NUM_THREADS={AtenThreads}, "
                + "as the launcher ./rolloutlab does";
        }
    }
}

/// <summary>Reads <see cref="TorchRuntimeInfo"/> from the native layer's JSON without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TorchRuntimeInfo))]
internal sealed partial class TorchRuntimeJson : JsonSerializerContext;
