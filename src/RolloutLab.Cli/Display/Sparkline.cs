namespace RolloutLab.Cli;

/// <summary>A curve in one line of text.</summary>
internal static class Sparkline
{
    private const string Levels = "▁▂▃▄▅▆▇█";

    /// <summary>Draws values from their least (lowest block) to their greatest (full block).</summary>
    /// <param name="values">The values; those that are not finite are left out.</param>
    /// <param name="width">Most characters, at least 1; neighbours are averaged to fit.</param>
    /// <returns>The line; empty without values, and level in the middle when all are equal.</returns>
    public static string Of(IReadOnlyList<double> values, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        var points = Shrink([.. values.Where(double.IsFinite)], width);
        if (points.Length == 0)
        {
            return "";
        }

        var (low, high) = (points.Min(), points.Max());
        return string.Create(points.Length, points, (line, all) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                var level = high > low ? (int)Math.Round((all[i] - low) / (high - low) * (Levels.Length - 1)) : Levels.Length / 2;
                line[i] = Levels[level];
            }
        });
    }

    private static double[] Shrink(double[] values, int width)
    {
        if (values.Length <= width)
        {
            return values;
        }

        var points = new double[width];
        for (var i = 0; i < width; i++)
        {
            var (from, to) = (i * values.Length / width, (i + 1) * values.Length / width);
            points[i] = values[from..to].Average();
        }

        return points;
    }
}
