using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.Cli;

/// <summary>A conversation in the terminal: a line is a turn, a line that begins with <c>/</c> is a command.</summary>
/// <param name="model">Answers.</param>
/// <param name="sampling">How tokens are drawn.</param>
/// <param name="system">The system message to begin with; null for none.</param>
/// <param name="output">Shows answers.</param>
/// <param name="terminal">Where lines come from.</param>
/// <param name="interrupt">Ctrl-C.</param>
internal sealed class ChatLoop(IChatModel model, SamplingParameters sampling, string? system, IChatOutput output, Terminal terminal, ChatInterrupt interrupt)
{
    private readonly List<ChatMessage> _messages = [];
    private string? _system = system;
    private long _turn;

    /// <summary>Goes on until the lines end or the user leaves.</summary>
    public void Run()
    {
        output.Begin(model);
        Reset();
        while (true)
        {
            output.Prompt();
            if (terminal.In.ReadLine() is not { } line)
            {
                break;
            }

            if (line.StartsWith('/'))
            {
                if (!Obey(line.TrimEnd()))
                {
                    break;
                }
            }
            else if (!string.IsNullOrWhiteSpace(line))
            {
                Turn(line);
            }
        }

        output.End();
    }

    /// <summary>One turn: the answer joins the conversation, also one that was stopped. A turn that fails leaves it as it was.</summary>
    /// <returns>The answer; null where there was none.</returns>
    public ChatAnswer? Turn(string text)
    {
        if (_messages.Count == 0)
        {
            Reset();
        }

        _messages.Add(new ChatMessage("user", text));
        try
        {
            var answer = interrupt.During(stop => model.Answer(_messages, sampling, _turn++, output.Show, stop));
            _messages.Add(new ChatMessage("assistant", answer.Text));
            output.Answered(text, answer);
            return answer;
        }
        catch (DataException error)
        {
            _messages.RemoveAt(_messages.Count - 1);
            output.Notice(error.Message);
            return null;
        }
    }

    private void Reset()
    {
        _messages.Clear();
        if (_system is not null && model.HasTemplate)
        {
            _messages.Add(new ChatMessage("system", _system));
        }
    }

    /// <summary>Does what a command says; false to leave.</summary>
    private bool Obey(string line)
    {
        var (command, rest) = line.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space ? (line[..space], line[(space + 1)..].Trim()) : (line, "");
        switch (command)
        {
            case "/exit" or "/quit":
                return false;
            case "/reset":
                Reset();
                output.Notice("the conversation begins anew");
                return true;
            case "/system" when !model.HasTemplate:
                output.Notice("/system: this model has no chat template to put a system message into");
                return true;
            case "/system":
                _system = rest.Length > 0 ? rest : null;
                Reset();
                output.Notice($"{(_system is null ? "no system message" : "system message set")}; the conversation begins anew");
                return true;
            default:
                output.Notice($"{(command == "/help" ? "" : $"{command}: unknown; ")}/reset begins anew, /system TEXT sets the system message, /exit leaves, Ctrl-C stops an answer");
                return true;
        }
    }
}
