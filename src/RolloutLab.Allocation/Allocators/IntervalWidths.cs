using MathNet.Numerics.Distributions;

namespace RolloutLab.Allocation;

/// <summary>
/// Half-widths t(1 − α/2, n − 1)/√n of the confidence interval of a mean of n numbers whose standard deviation is 1.
/// Quantiles of Student's t take longer than everything else in a plan, so those that were asked for are kept. Not thread-safe.
/// </summary>
/// <param name="alpha">α in (0, 1): the interval holds the mean with probability 1 − α.</param>
public sealed class IntervalWidths(double alpha)
{
    private double[] _widths = [];

    /// <summary>The half-widths for 0 to <paramref name="most"/> numbers, possibly more; 0 below two, where there is no interval.</summary>
    /// <returns>A table indexed by n; not to be written to.</returns>
    public double[] UpTo(int most)
    {
        if (_widths.Length <= most)
        {
            var known = _widths.Length;
            Array.Resize(ref _widths, most + 64);
            for (var n = Math.Max(2, known); n < _widths.Length; n++)
            {
                _widths[n] = StudentT.InvCDF(0, 1, n - 1, 1 - (alpha / 2)) / Math.Sqrt(n);
            }
        }

        return _widths;
    }
}
