using RolloutLab.Data;

namespace RolloutLab.Simulation;

/// <summary>The metrics of a run, read step by step as they are asked for.</summary>
public sealed class LoggedMetrics : IDisposable
{
    private static readonly IReadOnlyDictionary<string, double> None = new Dictionary<string, double>();

    private readonly IEnumerator<JsonlRow>? _rows;
    private Dictionary<string, double> _row = [];
    private long _step = -1;

    /// <summary>Opens them.</summary>
    /// <param name="path">The run's <c>metrics.jsonl</c>; null for a log without.</param>
    public LoggedMetrics(string? path) => _rows = path is null ? null : JsonlReader.Read(path).GetEnumerator();

    /// <summary>Whether a metric depends on the clock, and so differs between equal runs.</summary>
    public static bool IsOfTheClock(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith("timing_s/", StringComparison.Ordinal) || name.StartsWith("perf/", StringComparison.Ordinal);
    }

    /// <summary>The values of a step by name; empty where there is no such row. Steps are asked for in ascending order.</summary>
    /// <exception cref="Core.DataException">The file is damaged.</exception>
    public IReadOnlyDictionary<string, double> Of(long step)
    {
        while (_step < step && _rows?.MoveNext() == true)
        {
            _row = _rows.Current.Numbers();
            _step = _row.TryGetValue("step", out var number) ? (long)number : throw _rows.Current.Error("field 'step' is missing; this is no file of metrics");
        }

        return _step == step ? _row : None;
    }

    /// <inheritdoc/>
    public void Dispose() => _rows?.Dispose();
}
