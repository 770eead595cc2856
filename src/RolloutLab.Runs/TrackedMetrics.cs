namespace RolloutLab.Runs;

/// <summary>A run's metrics and, beside them, other trackers that get the same rows. Owns them.</summary>
/// <param name="log">The run's own log, written first: it is the one that counts.</param>
/// <param name="trackers">The others.</param>
public sealed class TrackedMetrics(MetricsLog log, params IReadOnlyList<TensorBoardLog> trackers) : IMetricsLog, IDisposable
{
    /// <inheritdoc/>
    public void Append(long step, IReadOnlyList<KeyValuePair<string, double>> metrics)
    {
        log.Append(step, metrics);
        foreach (var tracker in trackers)
        {
            tracker.Append(step, metrics);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        log.Dispose();
        foreach (var tracker in trackers)
        {
            tracker.Dispose();
        }
    }
}
