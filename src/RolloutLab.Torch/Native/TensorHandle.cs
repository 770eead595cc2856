using System.Runtime.InteropServices;

namespace RolloutLab.Torch.Native;

/// <summary>
/// Owns one native tensor handle. Scopes and owners dispose it; when the finalizer has to, the native side counts a
/// leak. Freeing touches no thread-local state, so the finalizer thread may do it.
/// </summary>
internal sealed class TensorHandle : SafeHandle
{
    private bool _finalized;

    public TensorHandle()
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _finalized = !disposing;
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => NativeMethods.rl_tensor_free(handle, _finalized ? 1 : 0) == 0;
}
