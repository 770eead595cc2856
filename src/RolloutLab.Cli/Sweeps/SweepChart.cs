using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>A sweep's table as a picture: a row a variant, a column a measure.</summary>
internal static class SweepChart
{
    /// <summary>Draws the table as an SVG document.</summary>
    public static string Draw(string title, RunComparison table) => IntervalChart.Draw(
        title,
        table.Legend,
        [.. table.Groups.Select(g => g.Name)],
        [
            Panel("pass@1 at the end", "0.000", table, g => g.PassAt1),
            Panel("rollouts to target", "#,0", table, g => g.RolloutsToTarget),
            Panel("tokens to target", "#,0", table, g => g.TokensToTarget),
            Panel("mean length at the end", "0.0", table, g => g.Length),
            Panel("effective-gradient ratio", "0.000", table, g => g.EffectiveRatio),
        ]);

    private static IntervalPanel Panel(string title, string format, RunComparison table, Func<ComparedGroup, Estimate> measure) => new(
        title, format, [.. table.Groups.Select(measure).Select(e => new ChartInterval(e.Mean, e.Mean - e.HalfWidth, e.Mean + e.HalfWidth))]);
}
