namespace RolloutLab.Runs;

/// <summary>A mean over seeds with its 95 % interval (Student's t).</summary>
/// <param name="Count">Values.</param>
/// <param name="Mean">Their mean; NaN for none.</param>
/// <param name="HalfWidth">Half the width of the interval; NaN for fewer than two values.</param>
public readonly record struct Estimate(int Count, double Mean, double HalfWidth)
{
    // 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom; beyond that the normal's, 1 % off at most.
    private static readonly double[] Quantiles =
    [
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314,
        2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
    ];

    /// <summary>The estimate of values; those that are not finite are left out.</summary>
    public static Estimate Of(IEnumerable<double> values)
    {
        var list = values.Where(double.IsFinite).ToList();
        if (list.Count < 2)
        {
            return new Estimate(list.Count, list.Count == 0 ? double.NaN : list[0], double.NaN);
        }

        var mean = list.Average();
        var variance = list.Sum(v => (v - mean) * (v - mean)) / (list.Count - 1);
        var quantile = list.Count - 2 < Quantiles.Length ? Quantiles[list.Count - 2] : 1.96;
        return new Estimate(list.Count, mean, quantile * Math.Sqrt(variance / list.Count));
    }
}
