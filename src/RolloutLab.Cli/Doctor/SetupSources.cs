using RolloutLab.Allocation;
using RolloutLab.Runs;
using RolloutLab.Torch;

namespace RolloutLab.Cli;

/// <summary>Where the doctor looks.</summary>
internal sealed record SetupSources
{
    /// <summary>Version of this program.</summary>
    public required string ProgramVersion { get; init; }

    /// <summary>The machine.</summary>
    public required MachineInfo Machine { get; init; }

    /// <summary>The current folder, where runs go.</summary>
    public required string Folder { get; init; }

    /// <summary>Gives environment variables.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>Gives the bytes that a folder's disk has left; throws <see cref="IOException"/> where the system does not tell.</summary>
    public required Func<string, long> FreeBytes { get; init; }

    /// <summary>Gives the path of the native library; throws <see cref="Core.SetupException"/> when it is absent.</summary>
    public required Func<string> NativeLibraryPath { get; init; }

    /// <summary>Loads LibTorch and describes it; throws <see cref="Core.SetupException"/> when it cannot be loaded.</summary>
    public required Func<TorchRuntimeInfo> Torch { get; init; }

    /// <summary>Loads a DuckDB library and gives its version; throws <see cref="Core.SetupException"/> when it cannot be loaded.</summary>
    public required Func<string, string> DuckDbVersion { get; init; }

    /// <summary>Gives the version of the mixed-integer solver CBC; null when it is absent.</summary>
    public required Func<string?> CbcVersion { get; init; }

    /// <summary>This machine and process.</summary>
    public static SetupSources OfThisMachine(Func<string, string?> variable) => new()
    {
        ProgramVersion = CommandLineProgram.Version,
        Machine = MachineInfo.Read(),
        Folder = Environment.CurrentDirectory,
        Variable = variable,
        FreeBytes = folder => new DriveInfo(folder).AvailableFreeSpace,
        NativeLibraryPath = TorchRuntime.LibraryPath,
        Torch = TorchRuntime.Info,
        DuckDbVersion = DuckDbLibrary.Version,
        CbcVersion = () => IntegerProgramme.SolverVersion,
    };
}
