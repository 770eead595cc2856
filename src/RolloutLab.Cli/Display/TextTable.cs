using System.Globalization;
using System.Text;

namespace RolloutLab.Cli;

/// <summary>A table of text in columns as wide as they need: numbers to the right, all else to the left.</summary>
internal static class TextTable
{
    private const string Absent = "-";

    /// <summary>Lays out rows under their column names.</summary>
    /// <param name="columns">Names.</param>
    /// <param name="rows">Cells, as many a row as there are columns; null where there is no value.</param>
    /// <param name="widest">Characters shown of a cell; a longer one ends with an ellipsis, and line breaks are shown as spaces.</param>
    public static string Of(IReadOnlyList<string> columns, IReadOnlyList<string?[]> rows, int widest)
    {
        var cells = rows.Select(row => Array.ConvertAll(row, cell => Shown(cell, widest))).ToList();
        var numeric = columns.Select((_, i) => rows.All(row => row[i] is null || double.TryParse(row[i], NumberStyles.Float, CultureInfo.InvariantCulture, out double _))).ToList();
        var widths = columns.Select((name, i) => cells.Select(row => row[i].Length).Append(name.Length).Max()).ToList();
        var text = new StringBuilder();
        AddLine(text, columns);
        AddLine(text, widths.Select(w => new string('-', w)).ToList());
        foreach (var row in cells)
        {
            AddLine(text, row);
        }

        return text.ToString();

        void AddLine(StringBuilder to, IReadOnlyList<string> line)
        {
            var padded = line.Select((cell, i) => numeric[i] ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            to.AppendLine(string.Join("  ", padded).TrimEnd());
        }
    }

    private static string Shown(string? cell, int widest)
    {
        var line = (cell ?? Absent).ReplaceLineEndings(" ").Replace('\t', ' ');
        return line.Length <= widest ? line : string.Concat(line.AsSpan(0, widest - 1), "…");
    }
}
