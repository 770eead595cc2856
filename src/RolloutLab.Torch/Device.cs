using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Torch;

/// <summary>Kind of memory and processor a tensor lives on.</summary>
public enum DeviceType
{
    /// <summary>Host memory.</summary>
    Cpu = 0,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda = 1,
}

/// <summary>Where a tensor lives: <c>cpu</c> or <c>cuda:N</c>.</summary>
/// <param name="Type">Kind of device.</param>
/// <param name="Index">Number of the GPU, from 0; 0 on the CPU.</param>
public readonly record struct Device(DeviceType Type, int Index = 0)
{
    /// <summary>Host memory.</summary>
    public static Device Cpu => default;

    /// <summary>The GPU of this number.</summary>
    /// <param name="index">From 0.</param>
    public static Device Cuda(int index = 0) => new(DeviceType.Cuda, index);

    /// <summary>
    /// Reads <c>auto</c> (the first GPU, else the CPU), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>. Only <c>cpu</c> is
    /// answered without loading LibTorch.
    /// </summary>
    /// <param name="text">The name, in lower case.</param>
    /// <exception cref="SetupException">The name is unknown, or the GPU it names is not there.</exception>
    public static Device Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text == "cpu")
        {
            return Cpu;
        }

        if (text == "auto")
        {
            return TorchRuntime.CudaDeviceCount() > 0 ? Cuda() : Cpu;
        }

        var index = CudaIndex(text)
            ?? throw new SetupException($"device '{text}' is unknown; give auto, cpu, cuda or cuda:N");
        var count = TorchRuntime.CudaDeviceCount();
        return index < count
            ? Cuda(index)
            : throw new SetupException(
                $"device '{text}' is not there: the LibTorch in use sees {count} CUDA devices; give auto or cpu, "
                + "or set LIBTORCH to one built with CUDA");
    }

    /// <summary><c>cpu</c> or <c>cuda:N</c>.</summary>
    public override string ToString() =>
        Type == DeviceType.Cpu ? "cpu" : string.Create(CultureInfo.InvariantCulture, $"cuda:{Index}");

    private static int? CudaIndex(string text)
    {
        if (text == "cuda")
        {
            return 0;
        }

        const string Prefix = "cuda:";
        return text.StartsWith(Prefix, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? index
            : null;
    }
}
