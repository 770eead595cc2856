using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <summary>
/// A LibTorch tensor. Made inside an open <see cref="TensorScope"/>, which frees it unless it is kept or taken by a
/// <see cref="TensorOwner"/>. Every operation returns a new tensor of the current scope and throws
/// <see cref="TorchException"/> when LibTorch refuses, <see cref="TorchOutOfMemoryException"/> when memory is
/// exhausted, <see cref="InvalidOperationException"/> when no scope is open and <see cref="ObjectDisposedException"/>
/// when an operand is already freed. Names and shapes of calls are TorchSharp's.
/// </summary>
public sealed partial class Tensor : IDisposable
{
    private StrongBox<TensorInfo>? _info;

    internal Tensor(TensorHandle handle, TensorSet home)
    {
        Handle = handle;
        home.Add(this);
    }

    /// <summary>Element type.</summary>
    public ScalarType dtype => (ScalarType)Info.Dtype;

    /// <summary>Where the elements live.</summary>
    public Device device => new((DeviceType)Info.DeviceType, Info.DeviceIndex);

    /// <summary>Length of each dimension; valid as long as the tensor object.</summary>
    public ReadOnlySpan<long> shape => MemoryMarshal.CreateReadOnlySpan(ref Info.Shape[0], Info.Dims);

    /// <summary>Number of dimensions, 0 to 8.</summary>
    public int ndim => Info.Dims;

    internal TensorHandle Handle { get; }

    /// <summary>The scope or owner that will free this tensor; null once it is freed.</summary>
    internal TensorSet? Home { get; set; }

    /// <summary>Place in <see cref="Home"/>.</summary>
    internal int HomeIndex { get; set; }

    // Asked for once: no operation here changes the shape, dtype or device of an existing tensor.
    private ref TensorInfo Info
    {
        get
        {
            if (_info is null)
            {
                NativeCall.Check(NativeMethods.rl_tensor_describe(Handle, out var info));
                _info = new StrongBox<TensorInfo>(info);
            }

            return ref _info.Value;
        }
    }

    /// <summary>Length of one dimension.</summary>
    /// <param name="dim">From 0, or from the end when negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such dimension.</exception>
    public long size(int dim)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dim, -ndim);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(dim, ndim);
        return shape[dim < 0 ? dim + ndim : dim];
    }

    /// <summary>Number of elements.</summary>
    public long numel() => Info.Numel;

    /// <summary>Frees the tensor now instead of with its scope or owner. A second call does nothing.</summary>
    /// <exception cref="InvalidOperationException">The tensor belongs to a scope of another thread.</exception>
    public void Dispose()
    {
        if (Home is { } home)
        {
            home.CheckAccess();
            home.Remove(this);
            Handle.Dispose();
        }
    }

    /// <summary>Element type, shape and device: <c>Float32 [2, 3] cpu</c>.</summary>
    public override string ToString() =>
        Home is null ? "disposed tensor" : $"{dtype} [{string.Join(", ", shape.ToArray())}] {device}";
}
