using System.Globalization;

namespace RolloutLab.Runs;

/// <summary>Groups of runs side by side.</summary>
/// <param name="Target">pass@1 that costs are counted to; NaN when no run was evaluated.</param>
/// <param name="Groups">The groups in the order given; the first is the yardstick.</param>
public sealed record RunComparison(double Target, IReadOnlyList<ComparedGroup> Groups)
{
    private static readonly string[] Measures =
        ["pass@1", "", "length", "distinct answers", "effective ratio", "steps to target", "rollouts to target", "tokens to target"];

    /// <summary>The k of the second accuracy: the greatest that every run measured.</summary>
    public int K => Groups.Count == 0 ? 1 : Groups[0].K;

    /// <summary>Compares runs.</summary>
    /// <param name="groups">Names of the groups, in order; those without a run are left out.</param>
    /// <param name="runs">The runs.</param>
    /// <param name="target">pass@1 to count costs to; null for the first group's mean at the end.</param>
    public static RunComparison Of(IReadOnlyList<string> groups, IReadOnlyList<RunMeasures> runs, double? target)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(runs);
        var present = groups.Where(name => runs.Any(r => r.Group == name)).ToList();
        var goal = target ?? (present.Count == 0 ? double.NaN : Estimate.Of(runs.Where(r => r.Group == present[0]).Select(r => r.PassAt1)).Mean);
        var evaluated = runs.Where(r => r.PassAtK.Count > 0).ToList();
        var k = evaluated.Count == 0 ? 1 : evaluated.Select(r => r.PassAtK.Keys).Aggregate<IEnumerable<int>>((a, b) => a.Intersect(b)).DefaultIfEmpty(1).Max();
        return new RunComparison(goal, [.. present.Select(name => new ComparedGroup(name, [.. runs.Where(r => r.Group == name)], goal, k))]);
    }

    /// <summary>Names of the table's columns.</summary>
    public IReadOnlyList<string> Header => ["group", "runs", .. Measures.Select(m => m.Length > 0 ? m : $"pass@{K}"), "reached"];

    /// <summary>The table's rows, one a group.</summary>
    public IEnumerable<string[]> Rows() => Groups.Select(g => new[]
    {
        g.Name,
        g.Runs.Count.ToString(CultureInfo.InvariantCulture),
        Text(g.PassAt1, "0.000"),
        Text(g.PassAtK, "0.000"),
        Text(g.Length, "0.0"),
        Text(g.DistinctAnswers, "0.00"),
        Text(g.EffectiveRatio, "0.000"),
        Text(g.StepsToTarget, "#,0.0"),
        Text(g.RolloutsToTarget, "#,0"),
        Text(g.TokensToTarget, "#,0"),
        $"{g.RolloutsToTarget.Count}/{g.Runs.Count}",
    });

    /// <summary>What the figures are, in a line.</summary>
    public string Legend => double.IsNaN(Target)
        ? "means and 95 % intervals over seeds; no run was evaluated"
        : string.Create(CultureInfo.InvariantCulture, $"means and 95 % intervals over seeds; target: pass@1 {Target:0.000}");

    /// <summary>The table as aligned text, without a trailing line feed.</summary>
    public string ToText()
    {
        var rows = Rows().Prepend([.. Header]).ToList();
        var widths = Header.Select((_, c) => rows.Max(r => r[c].Length)).ToArray();
        var lines = rows.Select(r => string.Join("  ", r.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))));
        return string.Join('\n', lines.Append("").Append(Legend));
    }

    private static string Text(Estimate estimate, string format) => estimate.Count == 0 ? "-"
        : estimate.Mean.ToString(format, CultureInfo.InvariantCulture)
        + (double.IsNaN(estimate.HalfWidth) ? "" : $" ± {estimate.HalfWidth.ToString(format, CultureInfo.InvariantCulture)}");
}
