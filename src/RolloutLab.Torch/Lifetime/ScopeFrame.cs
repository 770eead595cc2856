using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <summary>
/// One level of the stack of scopes of one thread. Frames are kept and used again, so opening a scope allocates only
/// the first time a depth is reached.
/// </summary>
internal sealed class ScopeFrame : TensorSet
{
    // A tensor must find the scope it is born into without every function taking it as a parameter. Scopes are
    // stack-bound (ref struct) and so belong to one compute thread each: thread-static is exactly their extent.
    [ThreadStatic]
    private static ScopeFrame? t_current;

    private readonly int _threadId = Environment.CurrentManagedThreadId;
    private ScopeFrame? _inner;

    private ScopeFrame(ScopeFrame? outer) => Outer = outer;

    /// <summary>The next level out; null at the base, which is no scope but the place where the stack stands.</summary>
    internal ScopeFrame? Outer { get; }

    /// <summary>Counts openings, so that a closed scope's copy can be told from the scope now using the frame.</summary>
    internal int Generation { get; private set; }

    /// <summary>Whether this is the innermost open scope of its thread.</summary>
    internal bool IsCurrent => ReferenceEquals(t_current, this);

    /// <summary>Opens a scope inside the current one.</summary>
    internal static ScopeFrame Open()
    {
        var outer = t_current ??= new ScopeFrame(null);
        var frame = outer._inner ??= new ScopeFrame(outer);
        frame.Generation++;
        t_current = frame;
        return frame;
    }

    /// <summary>The innermost open scope, where the tensors of <paramref name="handles"/> will live.</summary>
    /// <exception cref="InvalidOperationException">No scope is open on this thread; the handles are freed.</exception>
    internal static ScopeFrame CurrentFor(params ReadOnlySpan<TensorHandle> handles)
    {
        if (t_current is { Outer: not null } frame)
        {
            return frame;
        }

        foreach (var handle in handles)
        {
            handle.Dispose();
        }

        throw new InvalidOperationException(
            "a tensor was made outside any TensorScope on this thread; open one: using var scope = new TensorScope();");
    }

    /// <summary>Frees what is left in the scope and makes the outer one current.</summary>
    internal void Close()
    {
        FreeAll();
        Generation++;
        t_current = Outer;
    }

    internal override void CheckAccess()
    {
        if (_threadId != Environment.CurrentManagedThreadId)
        {
            throw new InvalidOperationException(
                "a tensor of another thread's TensorScope was moved or disposed; its own thread must do it");
        }
    }
}
