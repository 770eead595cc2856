using System.Buffers;

namespace RolloutLab.Torch.Native;

/// <summary>Keeps one optional handle alive during a native call that takes it as "may be null".</summary>
internal readonly ref struct HandleLease
{
    private readonly TensorHandle? _handle;

    /// <summary>Takes the lease.</summary>
    /// <param name="tensor">The tensor, or null for a null pointer.</param>
    /// <exception cref="ObjectDisposedException">The tensor is disposed.</exception>
    internal HandleLease(Tensor? tensor)
    {
        var taken = false;
        tensor?.Handle.DangerousAddRef(ref taken);
        _handle = tensor?.Handle;
    }

    /// <summary>The raw pointer, valid until <see cref="Dispose"/>.</summary>
    internal nint Pointer => _handle?.DangerousGetHandle() ?? 0;

    /// <summary>Ends the lease.</summary>
    public void Dispose() => _handle?.DangerousRelease();
}

/// <summary>Keeps a list of handles alive during a native call that takes an array of them.</summary>
internal ref struct HandleListLease
{
    private readonly ReadOnlySpan<Tensor> _tensors;
    private readonly nint[] _pointers;
    private int _taken;

    /// <summary>Takes the leases.</summary>
    /// <param name="tensors">The tensors, none null.</param>
    /// <exception cref="ArgumentNullException">An entry is null.</exception>
    /// <exception cref="ObjectDisposedException">A tensor is disposed.</exception>
    internal HandleListLease(ReadOnlySpan<Tensor> tensors)
    {
        _tensors = tensors;
        _pointers = ArrayPool<nint>.Shared.Rent(Math.Max(tensors.Length, 1));
        _taken = 0;
        try
        {
            foreach (var tensor in tensors)
            {
                ArgumentNullException.ThrowIfNull(tensor);
                var taken = false;
                tensor.Handle.DangerousAddRef(ref taken);
                _pointers[_taken++] = tensor.Handle.DangerousGetHandle();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The raw pointers, valid until <see cref="Dispose"/>.</summary>
    internal readonly ReadOnlySpan<nint> Pointers => _pointers.AsSpan(0, _taken);

    /// <summary>Ends the leases.</summary>
    public void Dispose()
    {
        for (var index = 0; index < _taken; index++)
        {
            _tensors[index].Handle.DangerousRelease();
        }

        _taken = 0;
        ArrayPool<nint>.Shared.Return(_pointers);
    }
}
