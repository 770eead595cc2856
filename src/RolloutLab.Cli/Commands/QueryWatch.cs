using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Shows how far a long query is, and ends it on Ctrl-C with what it made removed.</summary>
internal sealed class QueryWatch : IDisposable
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(0.2);

    private readonly RunQuery _query;
    private readonly WorkProgress _progress;
    private readonly StopRequest _stop;
    private readonly StopSignals _signals;
    private readonly ManualResetEventSlim _done = new();
    private readonly Thread _thread;

    /// <param name="query">The query; borrowed.</param>
    /// <param name="services">Where it is shown.</param>
    /// <param name="isJson">Whether it answers machines.</param>
    public QueryWatch(RunQuery query, CommandLineServices services, bool isJson)
    {
        _query = query;
        _progress = WorkProgress.Of(services, "% of the query", isJson);
        _stop = new StopRequest("stopping", line => services.Terminal.Error.WriteLine(services.Terminal.Over(line)), ImmediateExit.Interrupted);
        _signals = new StopSignals(_stop);
        _thread = new Thread(Look) { IsBackground = true, Name = "query watch" };
        _thread.Start();
    }

    /// <summary>Cancelled by Ctrl-C, also while the result is printed.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Asks the query, once; the line of its progress is gone when the answer is there.</summary>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public T Ask<T>(Func<T> query)
    {
        try
        {
            return query();
        }
        catch (RolloutStoreException error) when (_stop.Token.IsCancellationRequested)
        {
            throw new OperationCanceledException("the query was interrupted", error);
        }
        finally
        {
            EndLooking();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        EndLooking();
        _signals.Dispose();
        _stop.Dispose();
        _done.Dispose();
    }

    private void EndLooking()
    {
        _done.Set();
        _thread.Join();
        _progress.Dispose();
    }

    private void Look()
    {
        while (!_done.Wait(BetweenLooks))
        {
            if (_stop.Token.IsCancellationRequested)
            {
                // Until it ends: a request between two statements would be lost.
                _query.Interrupt();
            }
            else if (_query.Progress is { } share)
            {
                _progress.Report(new WorkDone((long)(100 * share), 100));
            }
        }
    }
}
