using System.Text;
using Spectre.Console;

namespace RolloutLab.Cli;

/// <summary>
/// A few lines at the bottom of the screen that are redrawn in place; lines that stay are written above them. Every
/// change is one write, so nothing flickers, and between changes the cursor and colours are as a shell expects them.
/// </summary>
internal sealed class LiveBlock
{
    // Lines are fitted to the screen before they come here; the renderer must not wrap them by its own idea of a width.
    private const int NoWrapping = 100_000;
    private const string EraseLine = "\r\u001b[2K";
    private const string EraseLineAbove = "\u001b[1A\u001b[2K";

    private readonly TextWriter _output;
    private readonly StringBuilder _pending = new();
    private readonly IAnsiConsole _renderer;
    private int _lines;

    /// <summary>Creates an empty block.</summary>
    public LiveBlock(TextWriter output)
    {
        _output = output;
        _renderer = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.Standard,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(new StringWriter(_pending)),
        });
        _renderer.Profile.Width = NoWrapping;
    }

    /// <summary>Writes lines that stay, then the block.</summary>
    /// <param name="staying">Markup of the lines to keep above the block.</param>
    /// <param name="block">Markup of the block's lines, each fitting the screen's width; empty for no block.</param>
    public void Show(IEnumerable<string> staying, IReadOnlyList<string> block)
    {
        Erase();
        foreach (var line in staying)
        {
            _renderer.Write(new Markup(line));
            _pending.Append('\n');
        }

        for (var i = 0; i < block.Count; i++)
        {
            _pending.Append(i == 0 ? "" : "\n");
            _renderer.Write(new Markup(block[i]));
        }

        _lines = block.Count;
        _output.Write(_pending.ToString());
        _output.Flush();
        _pending.Clear();
    }

    private void Erase()
    {
        if (_lines == 0)
        {
            return;
        }

        _pending.Append(EraseLine);
        for (var i = 1; i < _lines; i++)
        {
            _pending.Append(EraseLineAbove);
        }
    }
}
