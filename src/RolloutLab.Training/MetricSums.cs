namespace RolloutLab.Training;

/// <summary>
/// Collects metrics over the micro-batches and optimizer steps of an update, in the order they first appear. What is
/// collected are sums, so the rows do not depend on how a step is cut.
/// </summary>
public sealed class MetricSums
{
    private readonly List<string> _names = [];
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    private enum Kind
    {
        Mean,
        Max,
        Min,
        Deviation,
        EffectiveShare,
    }

    /// <summary>Adds one value to a mean over optimizer steps.</summary>
    public void Add(string name, double value) => AddSum(name, value, 1);

    /// <summary>
    /// Adds a sum over tokens or sequences and their count; the row is their quotient minus <paramref name="offset"/>. Where
    /// no count is ever given the row is the sum itself.
    /// </summary>
    public void AddSum(string name, double sum, double count, double offset = 0) =>
        Merge(name, Kind.Mean, new Entry(Kind.Mean, sum, 0, count, offset));

    /// <summary>Adds a value of which the largest is kept.</summary>
    public void AddMax(string name, double value) => Merge(name, Kind.Max, new Entry(Kind.Max, value, 0, 1, 0));

    /// <summary>Adds a value of which the smallest is kept.</summary>
    public void AddMin(string name, double value) => Merge(name, Kind.Min, new Entry(Kind.Min, value, 0, 1, 0));

    /// <summary>Adds values by their sums; the row is their (population) standard deviation.</summary>
    public void AddDeviation(string name, double sum, double squares, double count) =>
        Merge(name, Kind.Deviation, new Entry(Kind.Deviation, sum, squares, count, 0));

    /// <summary>Adds weights by their sums; the row is their effective sample size as a share, 1 / mean((w / mean w)²).</summary>
    public void AddEffectiveShare(string name, double sum, double squares, double count) =>
        Merge(name, Kind.EffectiveShare, new Entry(Kind.EffectiveShare, sum, squares, count, 0));

    /// <summary>The metrics, in the order in which they were first added.</summary>
    public IEnumerable<KeyValuePair<string, double>> Rows() =>
        _names.Select(n => new KeyValuePair<string, double>(n, _entries[n].Value));

    private void Merge(string name, Kind kind, Entry added)
    {
        if (!_entries.TryGetValue(name, out var entry))
        {
            _names.Add(name);
            _entries[name] = added;
            return;
        }

        _entries[name] = kind switch
        {
            Kind.Max => entry with { Sum = Math.Max(entry.Sum, added.Sum) },
            Kind.Min => entry with { Sum = Math.Min(entry.Sum, added.Sum) },
            _ => entry with { Sum = entry.Sum + added.Sum, Squares = entry.Squares + added.Squares, Count = entry.Count + added.Count },
        };
    }

    private readonly record struct Entry(Kind Kind, double Sum, double Squares, double Count, double Offset)
    {
        private double Mean => Count == 0 ? Sum : Sum / Count;

        public double Value => Kind switch
        {
            Kind.Mean => Mean - Offset,
            Kind.Max or Kind.Min => Sum,
            Kind.Deviation => Math.Sqrt(Math.Max(0, (Squares / Math.Max(1, Count)) - (Mean * Mean))),
            _ => Squares > 0 ? Sum * Sum / (Count * Squares) : 0,
        };
    }
}
