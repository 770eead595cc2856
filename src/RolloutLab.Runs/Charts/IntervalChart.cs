using System.Globalization;

namespace RolloutLab.Runs;

/// <summary>A mean with its interval.</summary>
/// <param name="Mean">The mean; NaN for none, which is drawn as nothing.</param>
/// <param name="Low">Lower end; NaN where there is no interval.</param>
/// <param name="High">Upper end; NaN where there is no interval.</param>
public readonly record struct ChartInterval(double Mean, double Low, double High);

/// <summary>One measure of every row.</summary>
/// <param name="Title">What is measured.</param>
/// <param name="Format">Format of its numbers, such as <c>0.000</c>.</param>
/// <param name="Values">One for each row, in their order.</param>
public sealed record IntervalPanel(string Title, string Format, IReadOnlyList<ChartInterval> Values);

/// <summary>Pictures that compare a few things by several measures: a row for each thing, a column for each measure.</summary>
public static class IntervalChart
{
    private const int Top = 74;
    private const int RowHeight = 26;
    private const int Wide = 190;
    private const int Gap = 78;
    private const int Bottom = 44;

    /// <summary>Draws the measures as one SVG document.</summary>
    /// <param name="title">What is shown.</param>
    /// <param name="note">A line below: what the intervals are.</param>
    /// <param name="rows">Names of the rows, from the top.</param>
    /// <param name="panels">The measures, from the left.</param>
    public static string Draw(string title, string note, IReadOnlyList<string> rows, IReadOnlyList<IntervalPanel> panels)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(panels);
        var left = 32 + (int)Math.Ceiling(7.2 * rows.Select(r => r.Length).DefaultIfEmpty(0).Max());
        var bottom = Top + (rows.Count * RowHeight);
        var canvas = new SvgCanvas(left + (panels.Count * (Wide + Gap)), bottom + Bottom);
        canvas.Text(16, 24, title, style: "title");
        canvas.Text(16, 42, note, style: "faint");
        for (var r = 0; r < rows.Count; r++)
        {
            canvas.Text(16, RowY(r) + 4, rows[r]);
        }

        for (var p = 0; p < panels.Count; p++)
        {
            Draw(canvas, panels[p], left + (p * (Wide + Gap)), bottom, rows);
        }

        return canvas.ToString();
    }

    private static void Draw(SvgCanvas canvas, IntervalPanel panel, double left, double bottom, IReadOnlyList<string> rows)
    {
        canvas.Text(left, Top - 8, panel.Title);
        var all = panel.Values.SelectMany(v => new[] { v.Mean, v.Low, v.High }).Where(double.IsFinite).ToList();
        if (all.Count == 0)
        {
            canvas.Text(left, RowY(0) + 4, "nothing measured", style: "faint");
            return;
        }

        var (low, high) = (all.Min(), all.Max());
        var step = Step(high > low ? high - low : Math.Max(Math.Abs(low), 1e-9));
        (low, high) = (Math.Floor(low / step) * step, Math.Ceiling(high / step) * step);
        high = high > low ? high : low + step;
        double X(double value) => left + (Wide * (value - low) / (high - low));
        for (var tick = 0; low + (tick * step) <= high + (step / 2); tick++)
        {
            var x = X(low + (tick * step));
            canvas.Rule(x, Top, x, bottom);
            canvas.Text(x, bottom + 16, SvgCanvas.Short(low + (tick * step)), "middle", "faint");
        }

        for (var r = 0; r < rows.Count; r++)
        {
            DrawRow(canvas, panel, panel.Values[r], rows[r], r, X, left);
        }
    }

    private static void DrawRow(SvgCanvas canvas, IntervalPanel panel, ChartInterval value, string name, int row, Func<double, double> x, double left)
    {
        var (y, color) = (RowY(row), SvgCanvas.Color(row));
        if (!double.IsFinite(value.Mean))
        {
            canvas.Text(left + Wide + 6, y + 4, "–", style: "faint");
            return;
        }

        var hasInterval = double.IsFinite(value.Low) && double.IsFinite(value.High);
        if (hasInterval)
        {
            canvas.Line([(x(value.Low), y), (x(value.High), y)], color);
        }

        var text = value.Mean.ToString(panel.Format, CultureInfo.InvariantCulture);
        var hint = hasInterval
            ? string.Create(CultureInfo.InvariantCulture, $"{name}: {text}, {value.Low.ToString(panel.Format, CultureInfo.InvariantCulture)} to {value.High.ToString(panel.Format, CultureInfo.InvariantCulture)}")
            : $"{name}: {text}";
        canvas.Cell(x(value.Mean) - 4, y - 4, 8, 8, color, 1, hint);
        canvas.Text(left + Wide + 6, y + 4, text, style: "faint");
    }

    private static double RowY(int row) => Top + ((row + 0.5) * RowHeight);

    /// <summary>1, 2 or 5 times a power of ten, so that a range has 2 to 5 steps.</summary>
    private static double Step(double range)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(range / 2)));
        return 5 * power <= range / 2 ? 5 * power : 2 * power <= range / 2 ? 2 * power : power;
    }
}
