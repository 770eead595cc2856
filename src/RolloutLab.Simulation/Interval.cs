using MathNet.Numerics.Distributions;

namespace RolloutLab.Simulation;

/// <summary>A mean with its 95 % confidence interval by Student's t.</summary>
/// <param name="Mean">The mean; NaN without values.</param>
/// <param name="HalfWidth">Half the interval's width; 0 for fewer than two values.</param>
/// <param name="Count">Values.</param>
public readonly record struct Interval(double Mean, double HalfWidth, int Count)
{
    /// <summary>The interval of some values; those that are NaN are left out.</summary>
    public static Interval Of(IEnumerable<double> values)
    {
        var kept = values.Where(v => !double.IsNaN(v)).ToArray();
        if (kept.Length < 2)
        {
            return new Interval(kept.Length == 0 ? double.NaN : kept[0], 0, kept.Length);
        }

        var mean = kept.Average();
        var deviation = Math.Sqrt(kept.Sum(v => (v - mean) * (v - mean)) / (kept.Length - 1));
        return new Interval(mean, StudentT.InvCDF(0, 1, kept.Length - 1, 0.975) * deviation / Math.Sqrt(kept.Length), kept.Length);
    }
}
