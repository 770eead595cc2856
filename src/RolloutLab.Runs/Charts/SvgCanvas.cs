using System.Globalization;
using System.Net;
using System.Text;

namespace RolloutLab.Runs;

/// <summary>
/// A picture that is written element by element. It follows the reader's light or dark scheme by itself and needs no font
/// or network. Coordinates are pixels from the top left.
/// </summary>
public sealed class SvgCanvas
{
    /// <summary>The style of all pictures; a page that embeds some has it once.</summary>
    public const string Style =
        """
        :root { --ink: #1f2328; --faint: #6b7280; --rule: #d8dee4; --paper: #ffffff;
          --s0: #2563eb; --s1: #d9480f; --s2: #2f8f4e; --s3: #9333ea; --s4: #b45309; --s5: #0e7490; --s6: #be185d; --s7: #4d7c0f; --s8: #57606a; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --faint: #9aa4af; --rule: #30363d; --paper: #0d1117;
          --s0: #6ea8fe; --s1: #ff9d6e; --s2: #6fd08c; --s3: #c9a2ff; --s4: #f2c063; --s5: #67d3e6; --s6: #ff8cc3; --s7: #b5dd6c; --s8: #aab4be; } }
        text { font: 12px system-ui, sans-serif; fill: var(--ink); } .faint { fill: var(--faint); } .title { font-weight: 600; font-size: 14px; }
        .rule { stroke: var(--rule); stroke-width: 1; } .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; } .band { opacity: 0.18; stroke: none; }
        """;

    /// <summary>Number of series colours; later series begin again.</summary>
    public const int SeriesColors = 9;

    private readonly StringBuilder _body = new();
    private readonly int _width;
    private readonly int _height;

    /// <summary>An empty picture.</summary>
    public SvgCanvas(int width, int height) => (_width, _height) = (width, height);

    /// <summary>The variable of a series' colour.</summary>
    public static string Color(int series) => $"var(--s{series % SeriesColors})";

    /// <summary>A number on an axis: <c>0.25</c>, <c>15k</c>, <c>2M</c>.</summary>
    public static string Short(double value) => Math.Abs(value) switch
    {
        >= 1e6 => (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + "M",
        >= 1e4 => (value / 1e3).ToString("0.##", CultureInfo.InvariantCulture) + "k",
        > 0 and < 1e-3 => value.ToString("0.##e-0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };

    /// <summary>A line of text.</summary>
    /// <param name="x">Where it is anchored.</param>
    /// <param name="y">Base line.</param>
    /// <param name="text">The text; escaped here.</param>
    /// <param name="anchor"><c>start</c>, <c>middle</c> or <c>end</c>.</param>
    /// <param name="style">A class: <c>title</c>, <c>faint</c> or nothing.</param>
    public void Text(double x, double y, string text, string anchor = "start", string style = "") =>
        Add($"<text x=\"{x:0.##}\" y=\"{y:0.##}\" text-anchor=\"{anchor}\" class=\"{style}\">{WebUtility.HtmlEncode(text)}</text>");

    /// <summary>Text that reads upwards.</summary>
    public void UpwardText(double x, double y, string text) =>
        Add($"<text transform=\"translate({x:0.##} {y:0.##}) rotate(-90)\" text-anchor=\"middle\" class=\"faint\">{WebUtility.HtmlEncode(text)}</text>");

    /// <summary>A thin line of a grid or axis.</summary>
    public void Rule(double x1, double y1, double x2, double y2) =>
        Add($"<line class=\"rule\" x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\"/>");

    /// <summary>A line through points.</summary>
    public void Line(IEnumerable<(double X, double Y)> points, string color) =>
        Add($"<polyline class=\"line\" stroke=\"{color}\" points=\"{Points(points)}\"/>");

    /// <summary>A translucent area inside points.</summary>
    public void Band(IEnumerable<(double X, double Y)> points, string color) =>
        Add($"<polygon class=\"band\" fill=\"{color}\" points=\"{Points(points)}\"/>");

    /// <summary>A filled rectangle with a text that shows when it is pointed at.</summary>
    public void Cell(double x, double y, double width, double height, string color, double opacity, string hint) => Add(
        $"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{width:0.##}\" height=\"{height:0.##}\" fill=\"{color}\" fill-opacity=\"{opacity:0.###}\"><title>{WebUtility.HtmlEncode(hint)}</title></rect>");

    /// <summary>The picture as an SVG document.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_width} {_height}" width="{_width}" height="{_height}" role="img">
        <style>{Style}</style>
        <rect width="100%" height="100%" fill="var(--paper)"/>
        {_body}</svg>

        """);

    /// <summary>The picture as an element of a page that has <see cref="Style"/>; it is as wide as there is room.</summary>
    /// <param name="label">What is drawn, for those who cannot see it.</param>
    /// <param name="top">What is cut off above.</param>
    public string ToElement(string label, int top = 0) => string.Create(CultureInfo.InvariantCulture, $"""
        <svg viewBox="0 {top} {_width} {_height - top}" style="max-width:{_width}px" role="img" aria-label="{WebUtility.HtmlEncode(label)}">
        {_body}</svg>

        """);

    private static string Points(IEnumerable<(double X, double Y)> points) =>
        string.Join(' ', points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.X:0.##},{p.Y:0.##}")));

    private void Add(FormattableString element) => _body.Append(element.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
