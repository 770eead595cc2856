using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <summary>
/// Sets this thread's grad mode until it is disposed, then restores what was in force. Made by
/// <see cref="torch.no_grad"/> and <see cref="torch.set_grad_enabled"/>.
/// </summary>
public ref struct GradModeScope
{
    private readonly bool _previous;
    private bool _open;

    internal GradModeScope(bool enabled)
    {
        _previous = torch.is_grad_enabled();
        NativeCall.Check(NativeMethods.rl_grad_mode_set(enabled ? 1 : 0));
        _open = true;
    }

    /// <summary>Restores the grad mode. A second call does nothing.</summary>
    public void Dispose()
    {
        if (_open)
        {
            _open = false;
            NativeCall.Check(NativeMethods.rl_grad_mode_set(_previous ? 1 : 0));
        }
    }
}
