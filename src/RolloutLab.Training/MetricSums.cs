namespace RolloutLab.Training;

/// <summary>Collects metrics over the micro-batches and optimizer steps of an update, in the order they first appear.</summary>
internal sealed class MetricSums
{
    private readonly List<string> _names = [];
    private readonly Dictionary<string, (double Sum, double Count)> _values = new(StringComparer.Ordinal);

    /// <summary>Adds one value to a mean over optimizer steps.</summary>
    public void Add(string name, double value) => AddSum(name, value, 1);

    /// <summary>Adds a sum over tokens; with a count of 0 the metric is a plain sum.</summary>
    public void AddSum(string name, double sum, double count)
    {
        if (_values.TryGetValue(name, out var value))
        {
            _values[name] = (value.Sum + sum, value.Count + count);
            return;
        }

        _names.Add(name);
        _values[name] = (sum, count);
    }

    public IEnumerable<KeyValuePair<string, double>> Rows() =>
        _names.Select(n => new KeyValuePair<string, double>(n, _values[n].Sum / Math.Max(1, _values[n].Count)));
}
