using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// The run's metrics: one JSON object a line, <c>{"step":n,"name":value,...}</c>, keys in the order given, numbers in
/// the shortest form that reads back to the same double. A value that is NaN or infinite has no JSON form: it is left
/// out and its name listed under <c>non_finite</c>. Every row is with the operating system when <see cref="Append"/> returns.
/// </summary>
public sealed class MetricsLog : IMetricsLog, IDisposable
{
    private const string StepKey = "step";
    private const string NonFiniteKey = "non_finite";

    private readonly JsonLinesFile _file;
    private long _lastStep;

    /// <summary>Opens the log for appending, creating the file when it is not there.</summary>
    /// <param name="path">The file, <c>metrics.jsonl</c> in a run directory.</param>
    /// <exception cref="RunException">The file cannot be opened.</exception>
    public MetricsLog(string path) => _file = new JsonLinesFile(path);

    /// <summary>Writes one row.</summary>
    /// <param name="step">The step, from 0 (before training), never less than the row before.</param>
    /// <param name="metrics">Name and value, each name once; <c>step</c> and <c>non_finite</c> are taken.</param>
    /// <exception cref="RunException">The file system refused; the file ends with the row before.</exception>
    /// <exception cref="ArgumentException">A name is empty, taken or given twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The step goes back.</exception>
    public void Append(long step, IReadOnlyList<KeyValuePair<string, double>> metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentOutOfRangeException.ThrowIfLessThan(step, _lastStep);
        CheckNames(metrics);
        _file.Append(row => WriteRow(row, step, metrics));
        _lastStep = step;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static void CheckNames(IReadOnlyList<KeyValuePair<string, double>> metrics)
    {
        var seen = new HashSet<string>(metrics.Count + 2, StringComparer.Ordinal) { StepKey, NonFiniteKey };
        foreach (var (name, _) in metrics)
        {
            ArgumentException.ThrowIfNullOrEmpty(name, nameof(metrics));
            if (!seen.Add(name))
            {
                throw new ArgumentException($"The metric '{name}' is given twice or its name is taken.", nameof(metrics));
            }
        }
    }

    private static void WriteRow(Utf8JsonWriter row, long step, IReadOnlyList<KeyValuePair<string, double>> metrics)
    {
        row.WriteNumber(StepKey, step);
        foreach (var (name, value) in metrics)
        {
            if (double.IsFinite(value))
            {
                row.WriteNumber(name, value);
            }
        }

        WriteNonFinite(row, metrics);
    }

    private static void WriteNonFinite(Utf8JsonWriter row, IReadOnlyList<KeyValuePair<string, double>> metrics)
    {
        if (metrics.All(m => double.IsFinite(m.Value)))
        {
            return;
        }

        row.WriteStartArray(NonFiniteKey);
        foreach (var (name, value) in metrics)
        {
            if (!double.IsFinite(value))
            {
                row.WriteStringValue(name);
            }
        }

        row.WriteEndArray();
    }
}
