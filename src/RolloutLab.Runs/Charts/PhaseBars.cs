namespace RolloutLab.Runs;

/// <summary>Horizontal bars of wall time, a row a phase with its seconds and its share.</summary>
public static class PhaseBars
{
    private const int Left = 170;
    private const int Wide = 420;
    private const int Row = 28;

    /// <summary>Draws them as an element of a page.</summary>
    /// <param name="phases">Phases with their seconds, above 0 in sum.</param>
    public static string Draw(IReadOnlyList<(string Label, double Seconds)> phases)
    {
        ArgumentNullException.ThrowIfNull(phases);
        var (total, most) = (phases.Sum(p => p.Seconds), phases.Max(p => p.Seconds));
        var canvas = new SvgCanvas(820, (Row * phases.Count) + 12);
        for (var i = 0; i < phases.Count; i++)
        {
            var (label, seconds) = phases[i];
            var text = FormattableString.Invariant($"{seconds:#,0.0} s, {100 * seconds / total:0.0}%");
            canvas.Text(Left - 10, (i * Row) + 20, label, "end");
            canvas.Cell(Left, (i * Row) + 6, Math.Max(1, Wide * seconds / most), Row - 10, SvgCanvas.Color(0), 0.8, $"{label}: {text}");
            canvas.Text(Left + (Wide * seconds / most) + 8, (i * Row) + 20, text, style: "faint");
        }

        return canvas.ToElement($"Wall time by phase: {string.Join(", ", phases.Select(p => FormattableString.Invariant($"{p.Label} {p.Seconds:0.0} s")))}");
    }
}
