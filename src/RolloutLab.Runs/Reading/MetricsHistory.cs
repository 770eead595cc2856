using System.Text;
using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>All metrics of a run, read from its <c>metrics.jsonl</c>. A last row that a running or killed process has not written whole is left out.</summary>
public sealed class MetricsHistory
{
    private readonly Dictionary<string, (List<double> Steps, List<double> Values)> _series = new(StringComparer.Ordinal);

    private MetricsHistory()
    {
    }

    /// <summary>Names of all metrics, in the order in which they first appear.</summary>
    public IReadOnlyCollection<string> Names => _series.Keys;

    /// <summary>The last step that has a row; 0 before any.</summary>
    public long LastStep { get; private set; }

    /// <summary>A metric; empty when the run never logged it.</summary>
    public MetricSeries this[string name] => _series.TryGetValue(name, out var found)
        ? new MetricSeries([.. found.Steps], [.. found.Values])
        : MetricSeries.Empty;

    /// <summary>The metric of a name with a part that differs from run to run, such as the dataset's: the first that fits.</summary>
    public MetricSeries Find(string prefix, string suffix) =>
        Names.FirstOrDefault(n => n.StartsWith(prefix, StringComparison.Ordinal) && n.EndsWith(suffix, StringComparison.Ordinal)) is { } name
            ? this[name]
            : MetricSeries.Empty;

    /// <summary>Reads the file. Linear in it.</summary>
    /// <exception cref="RunException">It cannot be read, or a row is damaged: the message names its line.</exception>
    public static MetricsHistory Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var history = new MetricsHistory();
        var (number, previous) = (0L, -1L);
        foreach (var line in WholeLines.Read(path))
        {
            number++;
            try
            {
                var step = history.Add(line);
                previous = step > previous ? step : throw new FormatException($"step {step} after step {previous}");
            }
            catch (Exception fault) when (fault is JsonException or FormatException or DecoderFallbackException or InvalidOperationException)
            {
                throw new RunException($"{path}:{number}: not a row of metrics ({fault.Message}); the file is damaged: resume the run from a checkpoint, or remove the line", fault);
            }
        }

        history.LastStep = Math.Max(previous, 0);
        return history;
    }

    private long Add(byte[] line)
    {
        var reader = new Utf8JsonReader(line);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject || !reader.Read() || !reader.ValueTextEquals("step"u8)
            || !reader.Read() || !reader.TryGetInt64(out var step) || step < 0)
        {
            throw new FormatException("it does not begin with its step");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType == JsonTokenType.Number)
            {
                if (!_series.TryGetValue(name, out var series))
                {
                    _series.Add(name, series = ([], []));
                }

                series.Steps.Add(step);
                series.Values.Add(reader.GetDouble());
            }
            else
            {
                reader.Skip();
            }
        }

        return reader.TokenType == JsonTokenType.EndObject && !reader.Read() ? step : throw new FormatException("it ends early");
    }
}
