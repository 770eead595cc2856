using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace RolloutLab.Torch.Native;

/// <summary>
/// The imports of <c>native/include/rolloutlab.h</c>, one part a section of it. A test compares the two. Names and
/// parameters are the header's.
/// </summary>
internal static unsafe partial class NativeMethods
{
    internal const string Library = "rolloutlab";

    static NativeMethods() =>
        NativeLibrary.SetDllImportResolver(typeof(NativeMethods).Assembly, NativeLibraryLoader.Resolve);

    [LibraryImport(Library)]
    internal static partial int rl_abi_version();

    [LibraryImport(Library)]
    internal static partial byte* rl_last_error();

    [LibraryImport(Library)]
    internal static partial int rl_runtime_info(byte* text, long capacity, out long length);

    [LibraryImport(Library)]
    internal static partial int rl_memory_get(out NativeMemoryCounts memory);

    [LibraryImport(Library)]
    internal static partial int rl_threads_get(out int threads);

    [LibraryImport(Library)]
    internal static partial int rl_threads_set(int threads);

    [LibraryImport(Library)]
    internal static partial int rl_cuda_device_count(out int count);
}
