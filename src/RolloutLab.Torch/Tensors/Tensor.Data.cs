using System.Runtime.InteropServices;
using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <content>Elements in and out, dtype and device.</content>
public sealed partial class Tensor
{
    /// <summary>A contiguous copy with its own memory; gradients flow through it.</summary>
    public Tensor clone() => NativeCall.Wrap(NativeMethods.rl_tensor_clone(Handle, out var result), result);

    /// <summary>A view of the same memory that autograd does not follow.</summary>
    public Tensor detach() => NativeCall.Wrap(NativeMethods.rl_tensor_detach(Handle, out var result), result);

    /// <summary>The same elements in row-major order; this memory again when it already is.</summary>
    public Tensor contiguous() => NativeCall.Wrap(NativeMethods.rl_tensor_contiguous(Handle, out var result), result);

    /// <summary>The same elements as another dtype; this memory again when nothing changes.</summary>
    /// <param name="dtype">Wanted element type.</param>
    public Tensor to(ScalarType dtype) => to(dtype, device);

    /// <summary>The same elements on another device; this memory again when nothing changes.</summary>
    /// <param name="device">Wanted device.</param>
    public Tensor to(Device device) => to(dtype, device);

    /// <summary>The same elements as another dtype on another device; this memory again when nothing changes.</summary>
    /// <param name="dtype">Wanted element type.</param>
    /// <param name="device">Wanted device.</param>
    public Tensor to(ScalarType dtype, Device device) =>
        NativeCall.Wrap(NativeMethods.rl_tensor_to(Handle, (int)dtype, (int)device.Type, device.Index, out var result), result);

    /// <summary>
    /// Writes every element, in row-major order, into <paramref name="destination"/>.
    /// </summary>
    /// <typeparam name="T">The element type's .NET type, or <see cref="byte"/> for the raw bytes of any dtype.</typeparam>
    /// <param name="destination">Exactly as long as the tensor.</param>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> or the length does not fit.</exception>
    public unsafe void CopyTo<T>(Span<T> destination)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(destination);
        CheckElements<T>(bytes.Length, nameof(destination));
        fixed (byte* data = bytes)
        {
            NativeCall.Check(NativeMethods.rl_tensor_read(Handle, data, bytes.Length));
        }
    }

    /// <summary>
    /// Overwrites every element, in row-major order, from <paramref name="source"/>. Autograd does not record it.
    /// </summary>
    /// <typeparam name="T">The element type's .NET type, or <see cref="byte"/> for the raw bytes of any dtype.</typeparam>
    /// <param name="source">Exactly as long as the tensor.</param>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> or the length does not fit.</exception>
    public unsafe void CopyFrom<T>(ReadOnlySpan<T> source)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(source);
        CheckElements<T>(bytes.Length, nameof(source));
        fixed (byte* data = bytes)
        {
            NativeCall.Check(NativeMethods.rl_tensor_write(Handle, data, bytes.Length));
        }
    }

    /// <summary>Every element, in row-major order.</summary>
    /// <typeparam name="T">The element type's .NET type, or <see cref="byte"/> for the raw bytes of any dtype.</typeparam>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> does not fit.</exception>
    public unsafe T[] ToArray<T>()
        where T : unmanaged
    {
        var array = new T[checked((int)(numel() * dtype.ElementSize() / sizeof(T)))];
        CopyTo(array.AsSpan());
        return array;
    }

    /// <summary>The only element, as a double.</summary>
    /// <exception cref="TorchException">The tensor has not exactly one element.</exception>
    public double item()
    {
        NativeCall.Check(NativeMethods.rl_tensor_item(Handle, out var value));
        return value;
    }

    /// <summary>
    /// Overwrites the elements with those of a tensor whose shape broadcasts to this one, converting dtype and device.
    /// </summary>
    /// <param name="source">Where the elements come from.</param>
    /// <returns>This tensor.</returns>
    public Tensor copy_(Tensor source)
    {
        ArgumentNullException.ThrowIfNull(source);
        NativeCall.Check(NativeMethods.rl_tensor_copy(Handle, source.Handle));
        return this;
    }

    /// <summary>Overwrites every element with one value.</summary>
    /// <param name="value">The value.</param>
    /// <returns>This tensor.</returns>
    public Tensor fill_(double value)
    {
        NativeCall.Check(NativeMethods.rl_tensor_fill(Handle, value));
        return this;
    }

    /// <summary>Whether no element is NaN or infinite.</summary>
    public bool isfinite_all()
    {
        NativeCall.Check(NativeMethods.rl_tensor_all_finite(Handle, out var finite));
        return finite != 0;
    }

    private unsafe void CheckElements<T>(int bytes, string argument)
        where T : unmanaged
    {
        if (typeof(T) != typeof(byte) && ScalarTypes.Of<T>() != dtype)
        {
            throw new ArgumentException(
                $"{typeof(T).Name} cannot hold the elements of a {dtype} tensor; convert with to() first", argument);
        }

        var needed = numel() * dtype.ElementSize();
        if (bytes != needed)
        {
            throw new ArgumentException($"{bytes / sizeof(T)} elements were given where the tensor has {needed / sizeof(T)}", argument);
        }
    }
}
