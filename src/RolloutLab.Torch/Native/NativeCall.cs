using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RolloutLab.Core;

namespace RolloutLab.Torch.Native;

/// <summary>Turns a native status into nothing or an exception.</summary>
internal static class NativeCall
{
    /// <summary>Throws when a call failed.</summary>
    /// <param name="status">What the call returned.</param>
    /// <param name="call">Text of the call; the compiler fills it in, the export's name is taken from it.</param>
    /// <exception cref="TorchOutOfMemoryException">Memory is exhausted.</exception>
    /// <exception cref="NonFiniteException">A value that must be finite is not.</exception>
    /// <exception cref="TorchException">Any other failure.</exception>
    internal static void Check(int status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != (int)TorchStatus.Ok)
        {
            Throw((TorchStatus)status, call);
        }
    }

    /// <summary>
    /// Throws when a call failed, else makes its result a tensor of the current scope.
    /// </summary>
    /// <param name="status">What the call returned.</param>
    /// <param name="handle">The handle the call wrote.</param>
    /// <param name="call">Text of the call.</param>
    /// <exception cref="InvalidOperationException">No scope is open on this thread; the handle is freed.</exception>
    internal static Tensor Wrap(int status, TensorHandle handle, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        Check(status, call);
        return new Tensor(handle, ScopeFrame.CurrentFor(handle));
    }

    [DoesNotReturn]
    private static unsafe void Throw(TorchStatus status, string call)
    {
        var start = call.IndexOf("rl_", StringComparison.Ordinal);
        var end = call.IndexOf('(', StringComparison.Ordinal);
        var export = start >= 0 && end > start ? call[start..end] : call;
        var detail = Marshal.PtrToStringUTF8((nint)NativeMethods.rl_last_error()) ?? "no message";
        throw status switch
        {
            TorchStatus.OutOfMemory => new TorchOutOfMemoryException(export, detail),
            TorchStatus.NotFinite => new NonFiniteException(detail),
            _ => new TorchException(status, export, detail),
        };
    }
}
