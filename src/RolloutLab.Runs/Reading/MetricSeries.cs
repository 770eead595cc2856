namespace RolloutLab.Runs;

/// <summary>One metric over a run: the steps at which it was logged, ascending, and its value at each.</summary>
/// <param name="Steps">Steps.</param>
/// <param name="Values">As many values, all finite.</param>
public sealed record MetricSeries(double[] Steps, double[] Values)
{
    /// <summary>A metric that was never logged.</summary>
    public static MetricSeries Empty { get; } = new([], []);

    /// <summary>Mean of the values; NaN for none.</summary>
    public double Mean => Values.Length == 0 ? double.NaN : Values.Average();

    /// <summary>The value logged last; NaN for none.</summary>
    public double Last => Values.Length == 0 ? double.NaN : Values[^1];

    /// <summary>Sum of the values.</summary>
    public double Sum => Values.Sum();

    /// <summary>At most <paramref name="points"/> points: where there are more, the means of stretches of equal length.</summary>
    public MetricSeries Thinned(int points)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(points, 1);
        if (Values.Length <= points)
        {
            return this;
        }

        var (steps, values) = (new double[points], new double[points]);
        for (var i = 0; i < points; i++)
        {
            var (from, to) = ((int)((long)i * Values.Length / points), (int)((long)(i + 1) * Values.Length / points));
            steps[i] = Steps.AsSpan(from..to).ToArray().Average();
            values[i] = Values.AsSpan(from..to).ToArray().Average();
        }

        return new MetricSeries(steps, values);
    }
}
