using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RolloutLab.Cli;

/// <summary>Shows a conversation.</summary>
internal interface IChatOutput
{
    /// <summary>The model is there.</summary>
    void Begin(IChatModel model);

    /// <summary>The next line is waited for.</summary>
    void Prompt();

    /// <summary>Some text of the answer came.</summary>
    void Show(string text);

    /// <summary>The answer is whole, or stopped.</summary>
    void Answered(string question, ChatAnswer answer);

    /// <summary>Something the user should read.</summary>
    void Notice(string line);

    /// <summary>The conversation ended.</summary>
    void End();
}

/// <summary>For people: answers as they come. What is no answer goes to standard error where the output is a file.</summary>
internal sealed class ChatText(Terminal terminal) : IChatOutput
{
    /// <inheritdoc/>
    public void Begin(IChatModel model)
    {
        if (terminal.IsLive)
        {
            Notice($"{model.Description}; /help says more");
        }
    }

    /// <inheritdoc/>
    public void Prompt()
    {
        if (terminal.IsLive)
        {
            terminal.Out.Write("> ");
        }
    }

    /// <inheritdoc/>
    public void Show(string text) => terminal.Out.Write(text);

    /// <inheritdoc/>
    public void Answered(string question, ChatAnswer answer)
    {
        terminal.Out.WriteLine();
        if (answer.Ending == "length")
        {
            Notice($"cut after {answer.Tokens} tokens; --max-new-tokens allows more");
        }
        else if (terminal.IsLive)
        {
            var state = answer.Ending == ChatAnswer.Interrupted ? "stopped, " : "";
            Notice($"{state}{answer.Tokens} tokens, {Figures.OneDecimal(answer.Tokens / Math.Max(answer.Seconds, 1e-9))} tokens/s");
        }
    }

    /// <inheritdoc/>
    public void Notice(string line)
    {
        if (terminal.IsLive)
        {
            terminal.Out.WriteLine($"\u001b[2m{line}\u001b[0m");
        }
        else
        {
            terminal.Error.WriteLine(line);
        }
    }

    /// <inheritdoc/>
    public void End()
    {
        if (terminal.IsLive)
        {
            terminal.Out.WriteLine();
        }
    }
}

/// <summary>For machines: one JSON object an answer.</summary>
internal sealed class ChatJson(Terminal terminal) : IChatOutput
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc/>
    public void Begin(IChatModel model)
    {
    }

    /// <inheritdoc/>
    public void Prompt()
    {
    }

    /// <inheritdoc/>
    public void Show(string text)
    {
    }

    /// <inheritdoc/>
    public void Answered(string question, ChatAnswer answer)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Readable))
        {
            json.WriteStartObject();
            json.WriteString("prompt", question);
            json.WriteString("response", answer.Text);
            json.WriteString("finish_reason", answer.Ending);
            json.WriteNumber("prompt_tokens", answer.PromptTokens);
            json.WriteNumber("tokens", answer.Tokens);
            json.WriteNumber("seconds", Math.Round(answer.Seconds, 3));
            json.WriteEndObject();
        }

        terminal.Out.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }

    /// <inheritdoc/>
    public void Notice(string line) => terminal.Error.WriteLine(line);

    /// <inheritdoc/>
    public void End()
    {
    }
}
