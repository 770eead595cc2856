namespace RolloutLab.Runs;

/// <summary>A curve, with a band around it when there are intervals.</summary>
/// <param name="Name">Shown in the legend.</param>
/// <param name="X">Positions, ascending.</param>
/// <param name="Y">Values; points that are not finite are left out.</param>
/// <param name="Low">Lower ends of the intervals; null for none.</param>
/// <param name="High">Upper ends of the intervals; null for none.</param>
public sealed record ChartSeries(string Name, double[] X, double[] Y, double[]? Low = null, double[]? High = null);

/// <summary>One plot of a picture.</summary>
/// <param name="Title">What is drawn.</param>
/// <param name="XTitle">What the horizontal axis counts.</param>
/// <param name="Series">The curves.</param>
public sealed record ChartPanel(string Title, string XTitle, IReadOnlyList<ChartSeries> Series);

/// <summary>Pictures of curves, side by side under one legend.</summary>
public static class LineChart
{
    private const int PanelWidth = 380;
    private const int PanelHeight = 260;
    private const int Left = 56;
    private const int Top = 76;
    private const int Right = 18;
    private const int Bottom = 46;

    /// <summary>Draws the panels as one SVG document.</summary>
    public static string Draw(string title, IReadOnlyList<ChartPanel> panels)
    {
        ArgumentNullException.ThrowIfNull(panels);
        var canvas = new SvgCanvas(panels.Count * PanelWidth, PanelHeight + Top);
        canvas.Text(16, 22, title, style: "title");
        var x = 16.0;
        var names = panels.SelectMany(p => p.Series).Select(s => s.Name).Distinct().ToList();
        for (var i = 0; i < names.Count; i++)
        {
            canvas.Cell(x, 34, 14, 10, SvgCanvas.Color(i), 1, names[i]);
            canvas.Text(x + 19, 43, names[i]);
            x += 34 + (7.2 * names[i].Length);
        }

        for (var p = 0; p < panels.Count; p++)
        {
            Draw(canvas, panels[p], names, new Frame(panels[p], p * PanelWidth));
        }

        return canvas.ToString();
    }

    /// <summary>Draws a panel as an element of a page, which has the legend.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="names">Names of all series of the page, in the order of their colours.</param>
    public static string DrawElement(ChartPanel panel, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(panel);
        ArgumentNullException.ThrowIfNull(names);
        var canvas = new SvgCanvas(PanelWidth, PanelHeight + Top);
        Draw(canvas, panel, names, new Frame(panel, 0));
        return canvas.ToElement($"{panel.Title} by {panel.XTitle}", Top - 28);
    }

    private static void Draw(SvgCanvas canvas, ChartPanel panel, IReadOnlyList<string> names, Frame frame)
    {
        canvas.Text(frame.X0, Top - 10, panel.Title);
        foreach (var tick in frame.YTicks)
        {
            canvas.Rule(frame.X0, frame.Y(tick), frame.X1, frame.Y(tick));
            canvas.Text(frame.X0 - 6, frame.Y(tick) + 4, SvgCanvas.Short(tick), "end", "faint");
        }

        foreach (var tick in frame.XTicks)
        {
            canvas.Text(frame.X(tick), Frame.Y1 + 16, SvgCanvas.Short(tick), "middle", "faint");
        }

        canvas.Text((frame.X0 + frame.X1) / 2, Frame.Y1 + 34, panel.XTitle, "middle", "faint");
        foreach (var series in panel.Series)
        {
            var color = SvgCanvas.Color(names.TakeWhile(n => n != series.Name).Count());
            if (series is { Low: { } low, High: { } high })
            {
                var upper = series.X.Select((x, k) => (frame.X(x), frame.Y(high[k])));
                var lower = series.X.Select((x, k) => (frame.X(x), frame.Y(low[k]))).Reverse();
                canvas.Band(upper.Concat(lower), color);
            }

            var points = series.X.Select((x, k) => (X: x, Y: series.Y[k])).Where(q => double.IsFinite(q.X) && double.IsFinite(q.Y));
            canvas.Line(points.Select(q => (frame.X(q.X), frame.Y(q.Y))), color);
        }
    }

    /// <summary>Where a panel's values lie on the canvas.</summary>
    private sealed class Frame
    {
        public const double Y1 = Top + PanelHeight - Bottom;

        private readonly (double Low, double High) _x;
        private readonly (double Low, double High) _y;

        public Frame(ChartPanel panel, double offset)
        {
            (X0, X1) = (offset + Left, offset + PanelWidth - Right);
            _x = Extent(panel.Series.SelectMany(s => s.X));
            (XTicks, _) = Ticks(_x);
            (YTicks, _y) = Ticks(Extent(panel.Series.SelectMany(s => s.Y.Concat(s.Low ?? []).Concat(s.High ?? []))));
        }

        public double X0 { get; }

        public double X1 { get; }

        public double[] XTicks { get; }

        public double[] YTicks { get; }

        public double X(double value) => X0 + ((value - _x.Low) / (_x.High - _x.Low) * (X1 - X0));

        public double Y(double value) => Y1 - ((value - _y.Low) / (_y.High - _y.Low) * (Y1 - Top));

        private static (double Low, double High) Extent(IEnumerable<double> values)
        {
            var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
            foreach (var value in values.Where(double.IsFinite))
            {
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
            }

            return low < high ? (low, high) : double.IsFinite(low) ? (low - 0.5, low + 0.5) : (0, 1);
        }

        /// <summary>Round numbers about a fifth of the extent apart; the outer extent reaches to them.</summary>
        private static (double[] Inside, (double Low, double High) Outer) Ticks((double Low, double High) extent)
        {
            var raw = (extent.High - extent.Low) / 5;
            var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
            var step = power * (raw / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
            var (first, last) = (Math.Floor(extent.Low / step), Math.Ceiling(extent.High / step));
            var all = Enumerable.Range(0, (int)(last - first) + 1).Select(k => (first + k) * step).ToArray();
            return ([.. all.Where(t => t >= extent.Low - (step / 1e6) && t <= extent.High + (step / 1e6))], (all[0], all[^1]));
        }
    }
}
