using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <content>Reductions and normalisations over one or all dimensions.</content>
public sealed partial class Tensor
{
    /// <summary>Sum of all elements, a scalar.</summary>
    public Tensor sum() => Reduce(ReduceOp.Sum);

    /// <summary>Sums along one dimension.</summary>
    /// <param name="dim">Dimension, negative from the end.</param>
    /// <param name="keepdim">Whether the dimension stays, with length 1.</param>
    public Tensor sum(long dim, bool keepdim = false) => Reduce(ReduceOp.Sum, dim, keepdim);

    /// <summary>Mean of all elements, a scalar; NaN when there are none.</summary>
    public Tensor mean() => Reduce(ReduceOp.Mean);

    /// <summary>Means along one dimension.</summary>
    /// <param name="dim">Dimension, negative from the end.</param>
    /// <param name="keepdim">Whether the dimension stays, with length 1.</param>
    public Tensor mean(long dim, bool keepdim = false) => Reduce(ReduceOp.Mean, dim, keepdim);

    /// <summary>Largest element, a scalar.</summary>
    public Tensor max() => Reduce(ReduceOp.Max);

    /// <summary>Largest elements along one dimension, without their places (see <see cref="argmax(long, bool)"/>).</summary>
    /// <param name="dim">Dimension, negative from the end.</param>
    /// <param name="keepdim">Whether the dimension stays, with length 1.</param>
    public Tensor max(long dim, bool keepdim = false) => Reduce(ReduceOp.Max, dim, keepdim);

    /// <summary>Smallest element, a scalar.</summary>
    public Tensor min() => Reduce(ReduceOp.Min);

    /// <summary>Smallest elements along one dimension.</summary>
    /// <param name="dim">Dimension, negative from the end.</param>
    /// <param name="keepdim">Whether the dimension stays, with length 1.</param>
    public Tensor min(long dim, bool keepdim = false) => Reduce(ReduceOp.Min, dim, keepdim);

    /// <summary>Place of the largest element in row-major order, an Int64 scalar.</summary>
    public Tensor argmax() => Reduce(ReduceOp.Argmax);

    /// <summary>Places of the largest elements along one dimension, Int64.</summary>
    /// <param name="dim">Dimension, negative from the end.</param>
    /// <param name="keepdim">Whether the dimension stays, with length 1.</param>
    public Tensor argmax(long dim, bool keepdim = false) => Reduce(ReduceOp.Argmax, dim, keepdim);

    /// <summary>Softmax along one dimension; sums to 1 there.</summary>
    /// <param name="dim">Dimension, negative from the end.</param>
    public Tensor softmax(long dim) => NativeCall.Wrap(NativeMethods.rl_tensor_softmax(Handle, dim, out var result), result);

    /// <summary>Natural logarithm of the softmax along one dimension.</summary>
    /// <param name="dim">Dimension, negative from the end.</param>
    public Tensor log_softmax(long dim) => NativeCall.Wrap(NativeMethods.rl_tensor_log_softmax(Handle, dim, out var result), result);

    private Tensor Reduce(ReduceOp op) => NativeCall.Wrap(NativeMethods.rl_tensor_reduce((int)op, Handle, out var result), result);

    private Tensor Reduce(ReduceOp op, long dim, bool keepdim) =>
        NativeCall.Wrap(NativeMethods.rl_tensor_reduce_dim((int)op, Handle, dim, keepdim ? 1 : 0, out var result), result);
}
