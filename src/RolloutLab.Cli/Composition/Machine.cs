using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Torch;

namespace RolloutLab.Cli;

/// <summary>The machine as a run uses it: threads and device, started once before any tensor exists.</summary>
/// <param name="Info">What LibTorch runs on.</param>
/// <param name="Device">Where the model runs.</param>
/// <param name="MemoryBytes">Memory that the process may use, a container's limit included.</param>
internal sealed record Machine(TorchRuntimeInfo Info, Device Device, long MemoryBytes)
{
    /// <summary>Loads LibTorch and sets it up as the recipe asks.</summary>
    /// <exception cref="SetupException">LibTorch is absent, or the recipe asks for what this build does not have.</exception>
    public static Machine Start(Recipe recipe)
    {
        var info = TorchRuntime.Initialize(recipe.Threads > 0 ? recipe.Threads : Environment.ProcessorCount);
        if (recipe.Device == DeviceChoice.Cuda && info.CudaLack is { } lack)
        {
            throw new SetupException($"device = cuda: {lack}; set device: cpu or device: auto");
        }

        var device = recipe.Device == DeviceChoice.Cpu || info.CudaLack is not null ? Device.Cpu : Device.Cuda();
        return new Machine(info, device, MachineInfo.Read().MemoryBytes);
    }

    /// <summary>What is recorded with the run.</summary>
    public RunEnvironment Describe(Func<string, string?> variable) => RunEnvironment.OfMachine(CommandLineProgram.Version) with
    {
        LibTorch = Info.LibtorchVersion,
        LibTorchSource = variable("ROLLOUTLAB_LIBTORCH_SOURCE"),
        Blas = $"{Info.Blas.Name} {Info.Blas.Threading} {Info.Blas.Core}".TrimEnd(),
        Kernels = Info.CpuCapability,
        Threads = Info.AtenThreads,
        Device = Device.ToString(),
    };
}
