using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <content>Autograd.</content>
public sealed partial class Tensor
{
    /// <summary>
    /// Whether autograd follows this tensor. Setting it is for tensors no recorded operation made, of floating dtype.
    /// </summary>
    public bool requires_grad
    {
        get
        {
            NativeCall.Check(NativeMethods.rl_tensor_requires_grad_get(Handle, out var required));
            return required != 0;
        }
        set => NativeCall.Check(NativeMethods.rl_tensor_requires_grad_set(Handle, value ? 1 : 0));
    }

    /// <summary>Sets <see cref="requires_grad"/> and returns this tensor.</summary>
    /// <param name="required">Whether autograd follows this tensor.</param>
    public Tensor requires_grad_(bool required = true)
    {
        requires_grad = required;
        return this;
    }

    /// <summary>Adds the gradients of this scalar to every tensor it was computed from that requires them.</summary>
    /// <exception cref="TorchException">The tensor is no scalar, or autograd did not record how it came about.</exception>
    public void backward() => NativeCall.Check(NativeMethods.rl_tensor_backward(Handle, 0));

    /// <summary>The same for any shape, from the gradient with respect to this tensor.</summary>
    /// <param name="gradient">Of this tensor's shape.</param>
    public void backward(Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        using var lease = new HandleLease(gradient);
        NativeCall.Check(NativeMethods.rl_tensor_backward(Handle, lease.Pointer));
    }

    /// <summary>
    /// The accumulated gradient, sharing its memory, as a tensor of the current scope; null before any backward and
    /// after <see cref="torch.zero_grad"/>.
    /// </summary>
    public Tensor? grad()
    {
        NativeCall.Check(NativeMethods.rl_tensor_grad(Handle, out var result));
        return result.IsInvalid ? null : new Tensor(result, ScopeFrame.CurrentFor(result));
    }
}
