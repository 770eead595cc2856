namespace RolloutLab.Torch;

/// <summary>
/// Owns every tensor made on this thread while it is the innermost scope, and frees them when it is disposed. Scopes
/// nest; results leave by <see cref="Keep"/>, long-lived tensors by <see cref="TensorOwner.Take"/>. A ref struct, so
/// the compiler refuses to carry it across <c>await</c> or to another thread. Open it with <c>new TensorScope()</c>.
/// </summary>
public readonly ref struct TensorScope
{
    private readonly ScopeFrame? _frame;
    private readonly int _generation;

    /// <summary>Opens a scope inside the current one.</summary>
    public TensorScope()
    {
        _frame = ScopeFrame.Open();
        _generation = _frame.Generation;
    }

    /// <summary>Tensors the scope would free now.</summary>
    /// <exception cref="InvalidOperationException">The scope is closed.</exception>
    public int Count => OpenFrame().Count;

    /// <summary>Moves a tensor of this scope one level out and returns it.</summary>
    /// <param name="tensor">A tensor this scope owns.</param>
    /// <exception cref="InvalidOperationException">
    /// The scope is closed or the outermost one, or the tensor belongs to another scope or owner.
    /// </exception>
    public Tensor Keep(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var frame = OpenFrame();
        if (!ReferenceEquals(tensor.Home, frame))
        {
            throw new InvalidOperationException("Keep was given a tensor that this TensorScope does not own");
        }

        if (frame.Outer is not { Outer: not null } outer)
        {
            throw new InvalidOperationException("the outermost TensorScope has no scope to keep a tensor in; give it to a TensorOwner");
        }

        frame.MoveTo(tensor, outer);
        return tensor;
    }

    /// <summary>Frees the scope's tensors. A second call does nothing.</summary>
    /// <exception cref="InvalidOperationException">An inner scope is still open; nothing is freed.</exception>
    public void Dispose()
    {
        if (_frame is null || _frame.Generation != _generation)
        {
            return;
        }

        if (!_frame.IsCurrent)
        {
            throw new InvalidOperationException("a TensorScope was disposed while a scope inside it is open; dispose the inner one first");
        }

        _frame.Close();
    }

    private ScopeFrame OpenFrame() =>
        _frame is not null && _frame.Generation == _generation
            ? _frame
            : throw new InvalidOperationException("the TensorScope is closed, or was made by default instead of new TensorScope()");
}
