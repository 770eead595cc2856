using System.Text;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary>A terminal of a given width that understands what a live display may write, and nothing else.</summary>
internal sealed class Screen(int width)
{
    private readonly List<StringBuilder> _lines = [new()];
    private int _row;
    private int _column;

    public string[] Lines => [.. _lines.Select(line => line.ToString().TrimEnd())];

    public void Write(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\u001b':
                    i = Control(text, i);
                    break;
                case '\r':
                    _column = 0;
                    break;
                case '\n':
                    NewLine();
                    break;
                default:
                    Put(text[i]);
                    break;
            }
        }
    }

    private int Control(string text, int start)
    {
        Assert.Equal('[', text[start + 1]);
        var end = start + 2;
        while (char.IsDigit(text[end]) || text[end] == ';')
        {
            end++;
        }

        switch (text[start..(end + 1)])
        {
            case "\u001b[2K":
                _lines[_row].Clear();
                break;
            case "\u001b[1A":
                _row--;
                break;
            default:
                Assert.Equal('m', text[end]);
                break;
        }

        return end;
    }

    private void NewLine()
    {
        (_row, _column) = (_row + 1, 0);
        if (_row == _lines.Count)
        {
            _lines.Add(new());
        }
    }

    private void Put(char character)
    {
        if (_column == width)
        {
            NewLine();
        }

        var line = _lines[_row];
        line.Append(' ', Math.Max(0, _column - line.Length));
        line.Length = Math.Max(line.Length, _column + 1);
        line[_column++] = character;
    }
}
