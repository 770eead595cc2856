namespace RolloutLab.Cli;

/// <summary>
/// A user's wish to stop. The first asks the run to end after its current step; the second ends the process at once.
/// Safe to call from any thread.
/// </summary>
/// <param name="stopping">What the first request does, in a few words.</param>
/// <param name="announce">Shows the user one line.</param>
/// <param name="stopNow">Ends the process.</param>
internal sealed class StopRequest(string stopping, Action<string> announce, Action stopNow) : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private int _requests;

    /// <summary>Cancelled by the first request.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Asks to stop.</summary>
    public void Request()
    {
        switch (Interlocked.Increment(ref _requests))
        {
            case 1:
                _source.Cancel();
                announce($"{stopping}; once more ends it at once");
                break;
            default:
                stopNow();
                break;
        }
    }

    /// <summary>Frees the token's source.</summary>
    public void Dispose() => _source.Dispose();
}
