namespace RolloutLab.Runs;

/// <summary>The curve of a group: the mean over its runs with the 95 % interval as a band.</summary>
public static class GroupCurve
{
    private const int MostPoints = 120;

    /// <summary>The curve over the steps that every run of the group has.</summary>
    /// <param name="group">The group.</param>
    /// <param name="measure">Gives a run's values; a run without any is left out.</param>
    /// <param name="position">Where a step lies on the axis, for a run: the step itself when null.</param>
    /// <returns>Null when there is no such step.</returns>
    public static ChartSeries? Of(ComparedGroup group, Func<RunMeasures, MetricSeries> measure, Func<RunMeasures, double, double>? position = null)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(measure);
        var measured = group.Runs.Select(run => (run, Series: measure(run))).Where(m => m.Series.Values.Length > 0).ToList();
        var values = measured.Select(m => m.Series.Steps.Zip(m.Series.Values).ToDictionary()).ToList();
        var steps = measured.Count == 0 ? [] : measured[0].Series.Steps.Where(s => values.All(v => v.ContainsKey(s))).ToArray();
        if (steps.Length == 0)
        {
            return null;
        }

        var points = Math.Min(steps.Length, MostPoints);
        var (x, y, low, high) = (new double[points], new double[points], new double[points], new double[points]);
        for (var i = 0; i < points; i++)
        {
            var inside = steps[(int)((long)i * steps.Length / points)..(int)((long)(i + 1) * steps.Length / points)];
            x[i] = measured.Average(m => inside.Average(s => position is null ? s : position(m.run, s)));
            var estimate = Estimate.Of(values.Select(v => inside.Average(s => v[s])));
            var half = estimate.Margin;
            (y[i], low[i], high[i]) = (estimate.Mean, estimate.Mean - half, estimate.Mean + half);
        }

        return group.Runs.Count > 1 ? new ChartSeries(group.Name, x, y, low, high) : new ChartSeries(group.Name, x, y);
    }
}
