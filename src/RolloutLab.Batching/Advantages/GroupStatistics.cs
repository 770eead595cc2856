namespace RolloutLab.Batching;

/// <summary>Count, mean and unbiased (N − 1) standard deviation of the values that are there; NaN ones are left out.</summary>
/// <param name="Count">Values that are there.</param>
/// <param name="Mean">Their mean; 0 for none.</param>
/// <param name="Variance">Their unbiased variance; 0 for fewer than two, and exactly 0 for equal values.</param>
internal readonly record struct GroupStatistics(int Count, double Mean, double Variance)
{
    /// <summary>The standard deviation.</summary>
    public double Std => Math.Sqrt(Variance);

    public static GroupStatistics Of(IEnumerable<double> values)
    {
        var count = 0;
        double mean = 0, squares = 0;
        foreach (var value in values)
        {
            if (double.IsNaN(value))
            {
                continue;
            }

            // Welford: equal values leave both corrections exactly 0, so an uninformative group has no gradient at all.
            count++;
            var delta = value - mean;
            mean += delta / count;
            squares += delta * (value - mean);
        }

        return new GroupStatistics(count, mean, count > 1 ? squares / (count - 1) : 0);
    }
}
