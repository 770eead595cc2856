namespace RolloutLab.Torch;

/// <summary>
/// Owner of tensors that outlive scopes: parameters, optimizer state, KV caches. Frees them all when disposed. Not
/// safe for concurrent use.
/// </summary>
public sealed class TensorOwner : IDisposable
{
    private readonly TensorSet _tensors = new();
    private bool _disposed;

    /// <summary>Tensors owned now.</summary>
    public int Count => _tensors.Count;

    /// <summary>Moves a tensor here from its scope or owner and returns it.</summary>
    /// <param name="tensor">A live tensor.</param>
    /// <exception cref="ObjectDisposedException">The owner or the tensor is disposed.</exception>
    /// <exception cref="InvalidOperationException">The tensor belongs to a scope of another thread.</exception>
    public Tensor Take(Tensor tensor)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(tensor);
        ObjectDisposedException.ThrowIf(tensor.Home is null, tensor);
        tensor.Home.CheckAccess();
        tensor.Home.MoveTo(tensor, _tensors);
        return tensor;
    }

    /// <summary>Frees the tensors. A second call does nothing.</summary>
    public void Dispose()
    {
        _disposed = true;
        _tensors.FreeAll();
    }
}
