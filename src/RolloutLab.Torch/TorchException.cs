using RolloutLab.Core;

namespace RolloutLab.Torch;

/// <summary>Outcome of a native call, as <c>rolloutlab.h</c> numbers it.</summary>
public enum TorchStatus
{
    /// <summary>The call succeeded.</summary>
    Ok = 0,

    /// <summary>LibTorch refused: shapes, dtypes or devices that do not fit, or an unsupported operation.</summary>
    Error = 1,

    /// <summary>Host or device memory is exhausted.</summary>
    OutOfMemory = 2,

    /// <summary>An argument is outside its documented range.</summary>
    InvalidArgument = 3,

    /// <summary>A value that must be finite is NaN or infinite; thrown as <see cref="NonFiniteException"/>.</summary>
    NotFinite = 4,
}

/// <summary>A native call failed: its status, the export's name and one line from LibTorch.</summary>
public class TorchException : RolloutLabException
{
    /// <summary>Creates the error of one failed call.</summary>
    /// <param name="status">What kind of failure it is.</param>
    /// <param name="export">Name of the native function, <c>rl_tensor_matmul</c>.</param>
    /// <param name="detail">LibTorch's message, one line.</param>
    public TorchException(TorchStatus status, string export, string detail)
        : base($"{export}: {detail}")
    {
        Status = status;
        Export = export;
    }

    /// <summary>What kind of failure it is.</summary>
    public TorchStatus Status { get; }

    /// <summary>Name of the native function that failed.</summary>
    public string Export { get; }
}

/// <summary>Host or device memory is exhausted; the tensors that exist are intact.</summary>
public sealed class TorchOutOfMemoryException : TorchException
{
    /// <summary>Creates the error of one failed call.</summary>
    /// <param name="export">Name of the native function.</param>
    /// <param name="detail">LibTorch's message, one line.</param>
    public TorchOutOfMemoryException(string export, string detail)
        : base(TorchStatus.OutOfMemory, export, $"{detail}; use smaller batches or fewer KV blocks, or free memory on this machine")
    {
    }
}
