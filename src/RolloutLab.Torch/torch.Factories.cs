using System.Runtime.InteropServices;
using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <content>Tensors from nothing or from host memory; all belong to the current scope.</content>
public static partial class torch
{
    /// <summary>A tensor holding a copy of <paramref name="data"/>.</summary>
    /// <typeparam name="T">byte, sbyte, short, int, long, Half, float, double or bool; decides the dtype.</typeparam>
    /// <param name="data">The elements in row-major order, exactly as many as the shape has.</param>
    /// <param name="shape">Lengths, at most 8.</param>
    /// <param name="device">Where it lives; the CPU unless given.</param>
    /// <exception cref="ArgumentException">No dtype holds <typeparamref name="T"/>.</exception>
    /// <exception cref="TorchException">The number of elements is not the shape's.</exception>
    public static Tensor tensor<T>(ReadOnlySpan<T> data, ReadOnlySpan<long> shape, Device device = default)
        where T : unmanaged =>
        from_bytes(MemoryMarshal.AsBytes(data), shape, ScalarTypes.Of<T>(), device);

    /// <summary>A one-dimensional tensor holding a copy of <paramref name="data"/>.</summary>
    /// <typeparam name="T">byte, sbyte, short, int, long, Half, float, double or bool; decides the dtype.</typeparam>
    /// <param name="data">The elements.</param>
    /// <param name="device">Where it lives; the CPU unless given.</param>
    /// <exception cref="ArgumentException">No dtype holds <typeparamref name="T"/>.</exception>
    public static Tensor tensor<T>(ReadOnlySpan<T> data, Device device = default)
        where T : unmanaged =>
        tensor(data, [data.Length], device);

    /// <summary>A tensor holding a copy of raw elements; the way in for BFloat16.</summary>
    /// <param name="data">Little-endian elements in row-major order, exactly the bytes the shape and dtype need.</param>
    /// <param name="shape">Lengths, at most 8.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Where it lives; the CPU unless given.</param>
    /// <exception cref="TorchException">The number of bytes is not the one needed.</exception>
    public static unsafe Tensor from_bytes(ReadOnlySpan<byte> data, ReadOnlySpan<long> shape, ScalarType dtype, Device device = default)
    {
        fixed (byte* bytes = data)
        fixed (long* lengths = shape)
        {
            return NativeCall.Wrap(
                NativeMethods.rl_tensor_create(
                    bytes, data.Length, lengths, shape.Length, (int)dtype, (int)device.Type, device.Index, out var result),
                result);
        }
    }

    /// <summary>A tensor whose elements are whatever the memory held.</summary>
    /// <param name="shape">Lengths, at most 8.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Where it lives; the CPU unless given.</param>
    public static unsafe Tensor empty(ReadOnlySpan<long> shape, ScalarType dtype = ScalarType.Float32, Device device = default)
    {
        fixed (long* lengths = shape)
        {
            return NativeCall.Wrap(
                NativeMethods.rl_tensor_empty(lengths, shape.Length, (int)dtype, (int)device.Type, device.Index, out var result), result);
        }
    }

    /// <summary>A tensor of one value.</summary>
    /// <param name="shape">Lengths, at most 8.</param>
    /// <param name="value">The value of every element.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Where it lives; the CPU unless given.</param>
    public static unsafe Tensor full(
        ReadOnlySpan<long> shape, double value, ScalarType dtype = ScalarType.Float32, Device device = default)
    {
        fixed (long* lengths = shape)
        {
            return NativeCall.Wrap(
                NativeMethods.rl_tensor_full(lengths, shape.Length, value, (int)dtype, (int)device.Type, device.Index, out var result),
                result);
        }
    }

    /// <summary>A tensor of zeros.</summary>
    /// <param name="shape">Lengths, at most 8.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Where it lives; the CPU unless given.</param>
    public static Tensor zeros(ReadOnlySpan<long> shape, ScalarType dtype = ScalarType.Float32, Device device = default) =>
        full(shape, 0.0, dtype, device);

    /// <summary>A tensor of ones.</summary>
    /// <param name="shape">Lengths, at most 8.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Where it lives; the CPU unless given.</param>
    public static Tensor ones(ReadOnlySpan<long> shape, ScalarType dtype = ScalarType.Float32, Device device = default) =>
        full(shape, 1.0, dtype, device);

    /// <summary>The numbers from <paramref name="start"/> up to, not including, <paramref name="stop"/>.</summary>
    /// <param name="start">First number.</param>
    /// <param name="stop">Where the numbers end.</param>
    /// <param name="step">Distance between them, not 0.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Where it lives; the CPU unless given.</param>
    public static Tensor arange(
        double start, double stop, double step = 1.0, ScalarType dtype = ScalarType.Float32, Device device = default) =>
        NativeCall.Wrap(
            NativeMethods.rl_tensor_arange(start, stop, step, (int)dtype, (int)device.Type, device.Index, out var result), result);
}
