namespace RolloutLab.Cli;

/// <summary>
/// Ctrl-C in a chat: it ends the answer that is being given. Between answers the first says how to leave, and the second
/// leaves. Safe to call from any thread.
/// </summary>
/// <param name="hint">Shows how to leave.</param>
/// <param name="leave">Ends the process.</param>
internal sealed class ChatInterrupt(Action hint, Action leave)
{
    private readonly Lock _lock = new();
    private CancellationTokenSource? _answer;
    private bool _hinted;

    /// <summary>Runs an answer that may be ended.</summary>
    public T During<T>(Func<CancellationToken, T> answer)
    {
        using var source = new CancellationTokenSource();
        lock (_lock)
        {
            (_answer, _hinted) = (source, false);
        }

        try
        {
            return answer(source.Token);
        }
        finally
        {
            lock (_lock)
            {
                _answer = null;
            }
        }
    }

    /// <summary>The user pressed Ctrl-C.</summary>
    public void Request()
    {
        lock (_lock)
        {
            if (_answer is not null)
            {
                _answer.Cancel();
            }
            else if (_hinted)
            {
                leave();
            }
            else
            {
                _hinted = true;
                hint();
            }
        }
    }
}
