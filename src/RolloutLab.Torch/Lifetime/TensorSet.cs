namespace RolloutLab.Torch;

/// <summary>Tensors that are freed together. Adding and removing are O(1).</summary>
internal class TensorSet
{
    private readonly List<Tensor> _tensors = [];

    internal int Count => _tensors.Count;

    /// <summary>Throws when the calling thread may not change the set.</summary>
    internal virtual void CheckAccess()
    {
    }

    internal void Add(Tensor tensor)
    {
        tensor.Home = this;
        tensor.HomeIndex = _tensors.Count;
        _tensors.Add(tensor);
    }

    internal void Remove(Tensor tensor)
    {
        var last = _tensors[^1];
        _tensors[tensor.HomeIndex] = last;
        last.HomeIndex = tensor.HomeIndex;
        _tensors.RemoveAt(_tensors.Count - 1);
        tensor.Home = null;
    }

    internal void MoveTo(Tensor tensor, TensorSet destination)
    {
        Remove(tensor);
        destination.Add(tensor);
    }

    internal void FreeAll()
    {
        // Newest first: views go before the tensors they look into.
        for (var index = _tensors.Count - 1; index >= 0; index--)
        {
            _tensors[index].Home = null;
            _tensors[index].Handle.Dispose();
        }

        _tensors.Clear();
    }
}
