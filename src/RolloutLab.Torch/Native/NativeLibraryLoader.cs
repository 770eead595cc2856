using System.Reflection;
using System.Runtime.InteropServices;
using RolloutLab.Core;

namespace RolloutLab.Torch.Native;

/// <summary>
/// Finds and opens the C++ layer when the first native call is made, so commands that need no tensors never load
/// LibTorch. Looked up: the file or folder <c>ROLLOUTLAB_NATIVE</c> names, beside the assembly, and
/// <c>.build/native</c> in each folder above it.
/// </summary>
internal static class NativeLibraryLoader
{
    internal const string FileName = "librolloutlab.so";
    internal const int AbiVersion = 5;
    private const string Remedy = "run ./rolloutlab setup";

    /// <summary>Answers the runtime's question for the import name <see cref="NativeMethods.Library"/>.</summary>
    internal static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        name == NativeMethods.Library ? Load(Locate(Environment.GetEnvironmentVariable("ROLLOUTLAB_NATIVE"), AppContext.BaseDirectory)) : 0;

    /// <summary>Path of the library.</summary>
    /// <param name="configured">A file or folder that decides alone; null or empty to search.</param>
    /// <param name="baseDirectory">Folder of the program.</param>
    /// <exception cref="SetupException">The library is nowhere.</exception>
    internal static string Locate(string? configured, string baseDirectory)
    {
        if (!string.IsNullOrEmpty(configured))
        {
            var path = Directory.Exists(configured) ? Path.Combine(configured, FileName) : configured;
            return File.Exists(path)
                ? path
                : throw new SetupException($"ROLLOUTLAB_NATIVE names '{path}', which does not exist; unset it or {Remedy}");
        }

        var beside = Path.Combine(baseDirectory, FileName);
        if (File.Exists(beside))
        {
            return beside;
        }

        for (var folder = new DirectoryInfo(baseDirectory); folder is not null; folder = folder.Parent)
        {
            var built = Path.Combine(folder.FullName, ".build", "native", FileName);
            if (File.Exists(built))
            {
                return built;
            }
        }

        throw new SetupException($"the native library {FileName} is neither in {baseDirectory} nor in .build/native above it; {Remedy}");
    }

    private static unsafe nint Load(string path)
    {
        nint library;
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new SetupException($"{path} cannot be loaded ({OneLine(error.Message)}); {Remedy}", error);
        }

        var version = NativeLibrary.TryGetExport(library, "rl_abi_version", out var address)
            ? ((delegate* unmanaged[Cdecl]<int>)address)()
            : 0;
        return version == AbiVersion
            ? library
            : throw new SetupException($"{path} has interface version {version} where {AbiVersion} is needed; {Remedy}");
    }

    private static string OneLine(string text) =>
        string.Join(' ', text.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
