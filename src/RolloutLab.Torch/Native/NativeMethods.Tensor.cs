using System.Runtime.InteropServices;

namespace RolloutLab.Torch.Native;

/// <summary>Life, data, shape and index of tensors.</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int rl_tensor_create(
        void* data, long bytes, long* shape, long dims, int dtype, int deviceType, int deviceIndex, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_empty(
        long* shape, long dims, int dtype, int deviceType, int deviceIndex, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_full(
        long* shape, long dims, double value, int dtype, int deviceType, int deviceIndex, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_arange(
        double start, double stop, double step, int dtype, int deviceType, int deviceIndex, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_free(nint tensor, int finalized);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_describe(TensorHandle tensor, out TensorInfo info);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_clone(TensorHandle tensor, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_detach(TensorHandle tensor, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_contiguous(TensorHandle tensor, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_to(TensorHandle tensor, int dtype, int deviceType, int deviceIndex, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_read(TensorHandle tensor, void* data, long bytes);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_write(TensorHandle tensor, void* data, long bytes);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_copy(TensorHandle destination, TensorHandle source);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_fill(TensorHandle tensor, double value);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_item(TensorHandle tensor, out double value);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_all_finite(TensorHandle tensor, out int finite);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_narrow(TensorHandle tensor, long dim, long start, long length, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_reshape(TensorHandle tensor, long* shape, long dims, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_transpose(TensorHandle tensor, long first, long second, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_cat(nint* tensors, long count, long dim, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_index_select(TensorHandle tensor, long dim, TensorHandle index, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_tensor_gather(TensorHandle tensor, long dim, TensorHandle index, out TensorHandle result);
}
