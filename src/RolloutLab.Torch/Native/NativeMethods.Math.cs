using System.Runtime.InteropServices;

namespace RolloutLab.Torch.Native;

/// <summary>Arithmetic and autograd.</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int rl_tensor_unary(int op, TensorHandle tensor, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_binary(int op, TensorHandle left, TensorHandle right, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_binary_scalar(int op, TensorHandle left, double right, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_clamp(TensorHandle tensor, double minimum, double maximum, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_where(TensorHandle condition, TensorHandle yes, TensorHandle no, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_reduce(int op, TensorHandle tensor, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_reduce_dim(int op, TensorHandle tensor, long dim, int keepDim, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_matmul(TensorHandle left, TensorHandle right, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_linear(TensorHandle input, TensorHandle weight, nint bias, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_embedding(TensorHandle weight, TensorHandle index, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_softmax(TensorHandle tensor, long dim, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_log_softmax(TensorHandle tensor, long dim, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_requires_grad_get(TensorHandle tensor, out int required);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_requires_grad_set(TensorHandle tensor, int required);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_backward(TensorHandle tensor, nint gradient);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_backward_all(nint* tensors, nint* gradients, long count);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_grad(TensorHandle tensor, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_zero_grad(nint* tensors, long count);

    [LibraryImport(Library)]
    internal static partial int rl_grad_mode_get(out int enabled);

    [LibraryImport(Library)]
    internal static partial int rl_grad_mode_set(int enabled);
}
