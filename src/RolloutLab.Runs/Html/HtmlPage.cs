using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace RolloutLab.Runs;

/// <summary>
/// One self-contained HTML page: style, pictures, data and script are inside, and its content policy forbids it the network
/// and any script but its own. All text is escaped here. It follows the reader's light or dark scheme.
/// </summary>
/// <param name="title">The page's title.</param>
public sealed class HtmlPage(string title)
{
    private readonly StringBuilder _body = new();
    private readonly List<string> _scripts = [];

    /// <summary>A heading of level 2.</summary>
    /// <param name="text">The text.</param>
    /// <param name="id">Its name in links to it.</param>
    public void Heading(string text, string id) => Line($"<h2 id=\"{Encode(id)}\">{Encode(text)}</h2>");

    /// <summary>A paragraph.</summary>
    public void Paragraph(string text, string style = "") => Line($"<p class=\"{Encode(style)}\">{Encode(text)}</p>");

    /// <summary>Text whose spaces and line breaks count; it scrolls.</summary>
    public void Preformatted(string text, string label) =>
        Line($"<pre tabindex=\"0\" role=\"region\" aria-label=\"{Encode(label)}\">{Encode(text)}</pre>");

    /// <summary>A table.</summary>
    /// <param name="caption">What it shows.</param>
    /// <param name="columns">Names of the columns.</param>
    /// <param name="rows">Cells; the first of a row names it.</param>
    public void Table(string caption, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows) =>
        Line($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{Encode(caption)}\">{TableText(caption, columns, rows)}</div>");

    /// <summary>The colours of series by name.</summary>
    public void Legend(IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var entries = names.Select((name, i) => $"<li><span class=\"swatch\" style=\"background:{SvgCanvas.Color(i)}\"></span>{Encode(name)}</li>");
        Line($"<ul class=\"legend\">{string.Concat(entries)}</ul>");
    }

    /// <summary>Curves side by side, each with its numbers as a table to open. Panels without a curve are left out.</summary>
    /// <param name="panels">The panels.</param>
    /// <param name="names">Names of all series of the page, in the order of their colours.</param>
    public void Curves(IEnumerable<ChartPanel> panels, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(panels);
        Line("<div class=\"charts\">");
        foreach (var panel in panels.Where(p => p.Series.Count > 0))
        {
            Line($"<figure>{LineChart.DrawElement(panel, names)}<details><summary>{Encode(panel.Title)} in numbers</summary>{Numbers(panel)}</details></figure>");
        }

        Line("</div>");
    }

    /// <summary>A picture.</summary>
    /// <param name="svg">Made by <see cref="SvgCanvas.ToElement"/>.</param>
    /// <param name="caption">What it shows.</param>
    public void Figure(string svg, string caption) => Line($"<figure class=\"wide\">{svg}<figcaption>{Encode(caption)}</figcaption></figure>");

    /// <summary>An empty place that a script fills, with what is shown where scripts are off.</summary>
    public void Place(string id, string withoutScript) => Line($"<div id=\"{Encode(id)}\"><noscript>{Encode(withoutScript)}</noscript></div>");

    /// <summary>Data for scripts: JSON as the text of the element <paramref name="id"/>.</summary>
    public void Data(string id, Action<Utf8JsonWriter> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = TextShortener.Encoder }))
        {
            write(json);
        }

        // The encoder writes '<', '>' and '&' as \u003c and so on: no text can end the element.
        Line($"<script type=\"application/json\" id=\"{Encode(id)}\">{Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length)}</script>");
    }

    /// <summary>A script of the page's own, run when all before it is there.</summary>
    public void Script(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        _scripts.Add(source);
        Line($"<script>{source}</script>");
    }

    /// <summary>The page.</summary>
    public override string ToString()
    {
        var hashes = _scripts.Select(s => $" 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(s)))}'");
        var scripts = _scripts.Count == 0 ? "" : $"; script-src{string.Concat(hashes)}";
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'{scripts}">
            <title>{Encode(title)}</title>
            <style>{SvgCanvas.Style}
            {PageStyle.Text}</style>
            </head>
            <body>
            <main>
            <h1>{Encode(title)}</h1>
            {_body}</main>
            </body>
            </html>

            """;
    }

    private static string Numbers(ChartPanel panel)
    {
        const int most = 12;
        var rows = panel.Series.SelectMany(s => Enumerable.Range(0, Math.Min(most, s.X.Length)).Select(i => (int)((long)i * (s.X.Length - 1) / Math.Max(1, Math.Min(most, s.X.Length) - 1)))
            .Select(k => (IReadOnlyList<string>)[s.Name, Number(s.X[k]), Number(s.Y[k]) + (s is { Low: { } low, High: { } high } ? $" ({Number(low[k])} to {Number(high[k])})" : "")]));
        return TableText(panel.Title, ["", panel.XTitle, panel.Title], rows);
    }

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private static string TableText(string caption, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var text = new StringBuilder($"<table><caption>{Encode(caption)}</caption><thead><tr>");
        text.AppendJoin("", columns.Select(c => $"<th scope=\"col\">{Encode(c)}</th>")).Append("</tr></thead><tbody>");
        foreach (var row in rows)
        {
            text.Append("<tr><th scope=\"row\">").Append(Encode(row[0])).Append("</th>");
            text.AppendJoin("", row.Skip(1).Select(c => $"<td>{Encode(c)}</td>")).Append("</tr>\n");
        }

        return text.Append("</tbody></table>").ToString();
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private void Line(string html) => _body.Append(html).Append('\n');
}
