using MathNet.Numerics.Distributions;

namespace RolloutLab.Runs;

/// <summary>A mean over seeds with its 95 % interval (Student's t).</summary>
/// <param name="Count">Values.</param>
/// <param name="Mean">Their mean; NaN for none.</param>
/// <param name="HalfWidth">Half the width of the interval; NaN for fewer than two values.</param>
public readonly record struct Estimate(int Count, double Mean, double HalfWidth)
{
    /// <summary><see cref="HalfWidth"/>, and 0 where there is no interval: for bands, and for tables that always show one.</summary>
    public double Margin => double.IsNaN(HalfWidth) ? 0 : HalfWidth;

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
        return new Estimate(list.Count, mean, StudentT.InvCDF(0, 1, list.Count - 1, 0.975) * Math.Sqrt(variance / list.Count));
    }
}
