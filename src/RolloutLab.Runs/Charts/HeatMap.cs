using System.Globalization;

namespace RolloutLab.Runs;

/// <summary>A table of colours.</summary>
/// <param name="Title">What is drawn.</param>
/// <param name="XTitle">What the columns are.</param>
/// <param name="YTitle">What the rows are.</param>
/// <param name="Columns">Labels of the columns, from the left.</param>
/// <param name="Rows">Labels of the rows, from the bottom.</param>
/// <param name="Cells"><c>Cells[row][column]</c>, at least 0; NaN for none.</param>
public sealed record HeatMap(string Title, string XTitle, string YTitle, IReadOnlyList<string> Columns, IReadOnlyList<string> Rows, double[][] Cells)
{
    private const double Left = 84;
    private const double Top = 48;
    private const double Wide = 620;
    private const double High = 300;

    /// <summary>Draws it as an SVG document; a cell's strength is the square root of its share of the greatest value.</summary>
    public string Draw() => Paint().ToString();

    /// <summary>Draws it as an element of a page.</summary>
    public string DrawElement() => Paint().ToElement($"{Title}, by {XTitle} and {YTitle}");

    private SvgCanvas Paint()
    {
        var canvas = new SvgCanvas(820, 410);
        var most = Cells.SelectMany(r => r).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        var (width, height) = (Wide / Columns.Count, High / Rows.Count);
        canvas.Text(16, 24, Title, style: "title");
        for (var r = 0; r < Rows.Count; r++)
        {
            var y = Top + High - ((r + 1) * height);
            canvas.Text(Left - 8, y + (height / 2) + 4, Rows[r], "end", "faint");
            for (var c = 0; c < Columns.Count; c++)
            {
                if (double.IsFinite(Cells[r][c]))
                {
                    var hint = $"{XTitle} {Columns[c]}, {YTitle} {Rows[r]}: {Cells[r][c].ToString("0.##", CultureInfo.InvariantCulture)}";
                    canvas.Cell(Left + (c * width), y, width, height, SvgCanvas.Color(0), Strength(Cells[r][c], most), hint);
                }
            }
        }

        var every = Math.Max(1, (int)Math.Ceiling(Columns.Count / 10.0));
        for (var c = 0; c < Columns.Count; c += every)
        {
            canvas.Text(Left + ((c + 0.5) * width), Top + High + 18, Columns[c], "middle", "faint");
        }

        canvas.Text(Left + (Wide / 2), Top + High + 40, XTitle, "middle", "faint");
        canvas.UpwardText(18, Top + (High / 2), YTitle);
        Legend(canvas, most);
        return canvas;
    }

    private static double Strength(double value, double most) => most > 0 ? 0.04 + (0.96 * Math.Sqrt(value / most)) : 0.04;

    private static void Legend(SvgCanvas canvas, double most)
    {
        const int steps = 24;
        for (var k = 0; k < steps; k++)
        {
            var value = most * (k + 0.5) / steps;
            canvas.Cell(736, Top + High - ((k + 1) * High / steps), 16, High / steps, SvgCanvas.Color(0), Strength(value, most), "");
        }

        foreach (var share in new[] { 0, 0.25, 0.5, 0.75, 1 })
        {
            canvas.Text(758, Top + High - (share * High) + 4, (most * share).ToString("0.#", CultureInfo.InvariantCulture), "start", "faint");
        }
    }
}
