using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <summary>
/// The native layer as a whole. The first call of any member that does not say otherwise loads LibTorch and throws
/// <see cref="SetupException"/> when it is absent or does not fit.
/// </summary>
public static class TorchRuntime
{
    /// <summary>Version of the interface between this assembly and the native layer's library.</summary>
    public static int InterfaceVersion => NativeLibraryLoader.AbiVersion;

    /// <summary>Path of the native layer's library; it need not be loaded, nor is it by this call.</summary>
    /// <exception cref="SetupException">The library is nowhere.</exception>
    public static string LibraryPath() =>
        NativeLibraryLoader.Locate(Environment.GetEnvironmentVariable("ROLLOUTLAB_NATIVE"), AppContext.BaseDirectory);

    /// <summary>Sets the number of threads and says what is in force.</summary>
    /// <param name="threads">Threads inside one operation, at least 1.</param>
    /// <returns>The libraries, CPU kernels, threads and devices; show its <see cref="TorchRuntimeInfo.Warnings"/>.</returns>
    public static TorchRuntimeInfo Initialize(int threads)
    {
        SetThreads(threads);
        return Info();
    }

    /// <summary>What the native layer runs on now.</summary>
    public static unsafe TorchRuntimeInfo Info()
    {
        NativeCall.Check(NativeMethods.rl_runtime_info(null, 0, out var length));
        var text = new byte[length];
        fixed (byte* bytes = text)
        {
            NativeCall.Check(NativeMethods.rl_runtime_info(bytes, text.Length, out _));
        }

        return JsonSerializer.Deserialize(text, TorchRuntimeJson.Default.TorchRuntimeInfo)
            ?? throw new SetupException("the native layer gave no description of itself; run ./rolloutlab setup");
    }

    /// <summary>Sets the threads used inside one operation, of ATen and of an OpenMP BLAS.</summary>
    /// <param name="threads">At least 1.</param>
    public static void SetThreads(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        NativeCall.Check(NativeMethods.rl_threads_set(threads));
    }

    /// <summary>Threads used inside one operation.</summary>
    public static int Threads()
    {
        NativeCall.Check(NativeMethods.rl_threads_get(out var threads));
        return threads;
    }

    /// <summary>GPUs the LibTorch in use can reach.</summary>
    public static int CudaDeviceCount()
    {
        NativeCall.Check(NativeMethods.rl_cuda_device_count(out var count));
        return count;
    }

    /// <summary>Tensors and memory of the process now.</summary>
    public static NativeMemory Memory()
    {
        NativeCall.Check(NativeMethods.rl_memory_get(out var memory));
        return new NativeMemory(memory.LiveTensors, memory.FinalizedTensors, memory.ResidentBytes, memory.PeakResidentBytes);
    }
}
