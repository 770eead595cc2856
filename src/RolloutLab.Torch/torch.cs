using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <summary>Functions of several tensors and grad mode, under TorchSharp's names.</summary>
public static partial class torch
{
    /// <summary>Joins tensors along one dimension.</summary>
    /// <param name="tensors">At least one; equal shapes but for <paramref name="dim"/>.</param>
    /// <param name="dim">Dimension, negative from the end.</param>
    /// <returns>A new tensor of the current scope.</returns>
    public static unsafe Tensor cat(ReadOnlySpan<Tensor> tensors, long dim = 0)
    {
        using var lease = new HandleListLease(tensors);
        fixed (nint* handles = lease.Pointers)
        {
            return NativeCall.Wrap(NativeMethods.rl_tensor_cat(handles, tensors.Length, dim, out var result), result);
        }
    }

    /// <summary>Element by element: <paramref name="yes"/> where the condition holds, else <paramref name="no"/>.</summary>
    /// <param name="condition">Bool.</param>
    /// <param name="yes">Of the dtype of <paramref name="no"/>; shapes broadcast.</param>
    /// <param name="no">The other choice.</param>
    public static Tensor where(Tensor condition, Tensor yes, Tensor no)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(yes);
        ArgumentNullException.ThrowIfNull(no);
        return NativeCall.Wrap(NativeMethods.rl_tensor_where(condition.Handle, yes.Handle, no.Handle, out var result), result);
    }

    /// <summary><see cref="Tensor.matmul"/>.</summary>
    /// <param name="left">Left factor.</param>
    /// <param name="right">Right factor.</param>
    public static Tensor matmul(Tensor left, Tensor right)
    {
        ArgumentNullException.ThrowIfNull(left);
        return left.matmul(right);
    }

    /// <summary>x Wᵀ + b.</summary>
    /// <param name="input"><c>[..., I]</c>.</param>
    /// <param name="weight"><c>[O, I]</c>.</param>
    /// <param name="bias"><c>[O]</c>, or null for none.</param>
    /// <returns><c>[..., O]</c>.</returns>
    public static Tensor linear(Tensor input, Tensor weight, Tensor? bias = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(weight);
        using var lease = new HandleLease(bias);
        return NativeCall.Wrap(NativeMethods.rl_tensor_linear(input.Handle, weight.Handle, lease.Pointer, out var result), result);
    }

    /// <summary>Rows of a table.</summary>
    /// <param name="weight"><c>[V, D]</c>.</param>
    /// <param name="index">Any shape, int32 or int64, in [0, V).</param>
    /// <returns>The index's shape with D appended.</returns>
    public static Tensor embedding(Tensor weight, Tensor index)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(index);
        return NativeCall.Wrap(NativeMethods.rl_tensor_embedding(weight.Handle, index.Handle, out var result), result);
    }

    /// <summary>Drops the gradients of these tensors; their memory is free at once.</summary>
    /// <param name="tensors">Parameters, none null.</param>
    public static unsafe void zero_grad(ReadOnlySpan<Tensor> tensors)
    {
        using var lease = new HandleListLease(tensors);
        fixed (nint* handles = lease.Pointers)
        {
            NativeCall.Check(NativeMethods.rl_tensor_zero_grad(handles, tensors.Length));
        }
    }

    /// <summary>
    /// Adds the gradients of several tensors to every tensor they were computed from that requires them, in one pass: what
    /// they share is differentiated once (<c>torch.autograd.backward</c>).
    /// </summary>
    /// <param name="tensors">Recorded by autograd, none null.</param>
    /// <param name="gradients">The gradient with respect to each, of its shape.</param>
    /// <exception cref="ArgumentException">The lists differ in length.</exception>
    public static unsafe void backward(ReadOnlySpan<Tensor> tensors, ReadOnlySpan<Tensor> gradients)
    {
        if (tensors.Length != gradients.Length)
        {
            throw new ArgumentException($"{gradients.Length} gradients for {tensors.Length} tensors", nameof(gradients));
        }

        using var tensorLease = new HandleListLease(tensors);
        using var gradientLease = new HandleListLease(gradients);
        fixed (nint* tensorHandles = tensorLease.Pointers)
        fixed (nint* gradientHandles = gradientLease.Pointers)
        {
            NativeCall.Check(NativeMethods.rl_tensor_backward_all(tensorHandles, gradientHandles, tensors.Length));
        }
    }

    /// <summary>Stops autograd on this thread until the result is disposed.</summary>
    public static GradModeScope no_grad() => new(enabled: false);

    /// <summary>Sets autograd on this thread until the result is disposed.</summary>
    /// <param name="enabled">Whether operations are recorded.</param>
    public static GradModeScope set_grad_enabled(bool enabled) => new(enabled);

    /// <summary>Whether autograd records operations on this thread.</summary>
    public static bool is_grad_enabled()
    {
        NativeCall.Check(NativeMethods.rl_grad_mode_get(out var enabled));
        return enabled != 0;
    }
}
