using System.Runtime.InteropServices;
using RolloutLab.Core;

namespace RolloutLab.Cli;

/// <summary>DuckDB's C library, opened by path.</summary>
internal static class DuckDbLibrary
{
    /// <summary>Loads the library and asks for its version, such as <c>v1.5.0</c>.</summary>
    /// <exception cref="SetupException">It cannot be loaded or is not DuckDB.</exception>
    public static unsafe string Version(string path)
    {
        if (!NativeLibrary.TryLoad(path, out var library))
        {
            throw new SetupException($"{path} is missing or cannot be loaded; run ./rolloutlab setup");
        }

        if (!NativeLibrary.TryGetExport(library, "duckdb_library_version", out var version))
        {
            throw new SetupException($"{path} is not DuckDB's C library; run ./rolloutlab setup");
        }

        return Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nint>)version)()) ?? "unknown";
    }
}
