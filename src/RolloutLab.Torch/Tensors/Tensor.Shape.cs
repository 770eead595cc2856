using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <content>Shape and index.</content>
public sealed partial class Tensor
{
    /// <summary>A view of <paramref name="length"/> entries of one dimension.</summary>
    /// <param name="dim">Dimension, negative from the end.</param>
    /// <param name="start">First entry.</param>
    /// <param name="length">Number of entries.</param>
    public Tensor narrow(long dim, long start, long length) =>
        NativeCall.Wrap(NativeMethods.rl_tensor_narrow(Handle, dim, start, length, out var result), result);

    /// <summary>The same elements in another shape; a view where the memory's order allows.</summary>
    /// <param name="shape">Wanted lengths; one may be -1 and is worked out.</param>
    public unsafe Tensor reshape(params ReadOnlySpan<long> shape)
    {
        fixed (long* lengths = shape)
        {
            return NativeCall.Wrap(NativeMethods.rl_tensor_reshape(Handle, lengths, shape.Length, out var result), result);
        }
    }

    /// <summary>A view with two dimensions exchanged.</summary>
    /// <param name="first">One dimension, negative from the end.</param>
    /// <param name="second">The other.</param>
    public Tensor transpose(long first, long second) =>
        NativeCall.Wrap(NativeMethods.rl_tensor_transpose(Handle, first, second, out var result), result);

    /// <summary>Chosen entries of one dimension, copied.</summary>
    /// <param name="dim">Dimension, negative from the end.</param>
    /// <param name="index"><c>[K]</c> int32 or int64; entries may repeat.</param>
    public Tensor index_select(long dim, Tensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        return NativeCall.Wrap(NativeMethods.rl_tensor_index_select(Handle, dim, index.Handle, out var result), result);
    }

    /// <summary>
    /// One element for each entry of <paramref name="index"/>: for two dimensions and <c>dim = 1</c>,
    /// <c>out[i, j] = this[i, index[i, j]]</c>.
    /// </summary>
    /// <param name="dim">Dimension the index counts in.</param>
    /// <param name="index">int64, as many dimensions as this tensor.</param>
    public Tensor gather(long dim, Tensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        return NativeCall.Wrap(NativeMethods.rl_tensor_gather(Handle, dim, index.Handle, out var result), result);
    }
}
