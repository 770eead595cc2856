using System.Runtime.InteropServices;

namespace RolloutLab.Cli;

/// <summary>Ends the process without unwinding it.</summary>
internal static partial class ImmediateExit
{
    /// <summary>
    /// Ends the process at once with <see cref="ExitCodes.Interrupted"/>. The usual exit would run the native libraries'
    /// destructors under threads that still compute, which can crash or hang.
    /// </summary>
    public static void Interrupted() => Exit(ExitCodes.Interrupted);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int status);
}
