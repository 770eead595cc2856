using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace RolloutLab.Runs;

/// <summary>Goes through a sequence on a thread of its own, some items ahead of whoever takes them.</summary>
public static class ReadAhead
{
    /// <summary>The same items in the same order; the first one asked for starts the thread.</summary>
    /// <param name="items">The sequence; gone through once, on the other thread, and never by two at a time.</param>
    /// <param name="waiting">Items that may wait to be taken, at least 1: what they hold is the memory this costs.</param>
    /// <typeparam name="T">Kind of item.</typeparam>
    /// <returns>A sequence whose enumerator, when it is disposed, waits until the other thread has let go of <paramref name="items"/>.
    /// An exception of theirs is thrown where the item after the last good one would be.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="waiting"/> is not positive.</exception>
    public static IEnumerable<T> Of<T>(IEnumerable<T> items, int waiting)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(waiting);
        return Take(items, waiting);
    }

    private static IEnumerable<T> Take<T>(IEnumerable<T> items, int waiting)
    {
        using var stop = new CancellationTokenSource();
        using var ready = new BlockingCollection<T>(waiting);
        var work = Task.Factory.StartNew(() => Fill(items, ready, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            foreach (var item in ready.GetConsumingEnumerable())
            {
                yield return item;
            }
        }
        finally
        {
            // Whoever stops early must not close what the other thread reads.
            stop.Cancel();
            work.Wait();
        }

        work.Result?.Throw();
    }

    private static ExceptionDispatchInfo? Fill<T>(IEnumerable<T> items, BlockingCollection<T> ready, CancellationToken stop)
    {
        try
        {
            foreach (var item in items)
            {
                ready.Add(item, stop);
            }

            return null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
#pragma warning disable CA1031 // Thrown again, on the thread that reads.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return ExceptionDispatchInfo.Capture(error);
        }
        finally
        {
            ready.CompleteAdding();
        }
    }
}
