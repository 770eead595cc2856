using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Data.Jinja;

namespace RolloutLab.Data;

/// <summary>
/// A chat template, as Hugging Face tokenizers carry them: chats become the text a model was trained on. It is the part of Jinja
/// that the templates of Qwen2.5, Qwen3, Llama 3, SmolLM2 and Mistral use, in the settings and with the functions of
/// transformers' <c>apply_chat_template</c>; anything else is an error with its line. Immutable and thread-safe.
/// </summary>
/// <remarks>
/// Case mappings are the simple ones (<c>upper</c> of ß stays). <c>strftime_now</c> reads the clock, so a template that prints
/// the date renders differently tomorrow; pass the variable it takes instead (Llama 3: <c>date_string</c>).
/// </remarks>
public sealed class ChatTemplate
{
    /// <summary>Longest template, in UTF-16 units.</summary>
    public const int MaxLength = 1 << 20;

    private readonly string _source;
    private readonly IReadOnlyList<Statement> _template;
    private readonly IReadOnlyDictionary<string, JsonElement> _tokens;
    private readonly TimeProvider _time;

    private ChatTemplate(string source, IReadOnlyList<Statement> template, IReadOnlyDictionary<string, JsonElement> tokens, TimeProvider time) =>
        (_source, _template, _tokens, _time) = (source, template, tokens, time);

    /// <summary>Parses a template.</summary>
    /// <param name="template">The Jinja text.</param>
    /// <param name="source">Where it comes from, for messages: file and key.</param>
    /// <param name="tokens">Variables that go with the tokenizer: <c>bos_token</c>, <c>eos_token</c> and so on; null for none.</param>
    /// <param name="time">The clock of <c>strftime_now</c>; null for the machine's.</param>
    /// <exception cref="DataException">The template is too long, damaged, or uses what is not supported: source, line, reason.</exception>
    public static ChatTemplate Parse(
        string template, string source, IReadOnlyDictionary<string, JsonElement>? tokens = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentException.ThrowIfNullOrEmpty(source);
        if (template.Length > MaxLength)
        {
            throw new DataException($"{source}: the chat template has {template.Length} characters; at most {MaxLength} are taken");
        }

        try
        {
            var statements = StatementParser.Parse(template);
            return new ChatTemplate(source, statements, tokens ?? new Dictionary<string, JsonElement>(), time ?? TimeProvider.System);
        }
        catch (JinjaException error)
        {
            throw Explain(source, error);
        }
    }

    /// <summary>Renders a chat of plain texts.</summary>
    /// <inheritdoc cref="Render(JsonElement, JsonElement?, bool, IReadOnlyDictionary{string, JsonElement}?)"/>
    public string Render(
        IReadOnlyList<ChatMessage> messages, JsonElement? tools = null, bool addGenerationPrompt = true, IReadOnlyDictionary<string, JsonElement>? variables = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var json = JsonSerializer.SerializeToElement(messages.Select(m => new Dictionary<string, string> { ["role"] = m.Role, ["content"] = m.Content }));
        return Render(json, tools, addGenerationPrompt, variables);
    }

    /// <summary>Renders a chat. The text holds the special tokens' names; <see cref="ITokenizer.Encode"/> makes them ids.</summary>
    /// <param name="messages">An array of objects with <c>role</c>, mostly <c>content</c>, and what else the template reads, such as <c>tool_calls</c>.</param>
    /// <param name="tools">An array of tool descriptions; null for none.</param>
    /// <param name="addGenerationPrompt">Whether the text ends where the assistant's answer begins.</param>
    /// <param name="variables">Further variables, such as <c>enable_thinking</c>; they win over those of the tokenizer.</param>
    /// <returns>The text, at most 16 Mi characters.</returns>
    /// <exception cref="DataException">
    /// The chat is no array of messages or has no user turn, the template refuses it or fails, or rendering takes too long or
    /// makes too much text: source, line, reason.
    /// </exception>
    public string Render(
        JsonElement messages, JsonElement? tools = null, bool addGenerationPrompt = true, IReadOnlyDictionary<string, JsonElement>? variables = null)
    {
        RequireChat(messages);
        try
        {
            var meter = new Meter();
            var scope = new Scope(outer: null);
            new Globals(meter, _time).AddTo(scope);
            scope.Set("messages", JsonValues.From(messages));
            scope.Set("tools", tools is { } given ? JsonValues.From(given) : null);
            scope.Set("documents", null);
            scope.Set("add_generation_prompt", addGenerationPrompt);
            foreach (var (name, value) in _tokens.Concat(variables ?? new Dictionary<string, JsonElement>()))
            {
                scope.Set(name, JsonValues.From(value));
            }

            return Renderer.Render(_template, scope, meter);
        }
        catch (JinjaException error)
        {
            throw Explain(_source, error);
        }
    }

    private void RequireChat(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array)
        {
            throw new DataException($"{_source}: a chat must be an array of messages, not a JSON {messages.ValueKind}");
        }

        var (index, hasUser) = (0, false);
        foreach (var message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("role", out var role) || role.ValueKind != JsonValueKind.String)
            {
                throw new DataException($"{_source}: messages[{index}] must be an object with a string 'role'");
            }

            hasUser |= role.ValueEquals("user");
            index++;
        }

        if (!hasUser)
        {
            throw new DataException($"{_source}: the chat has {index} messages and none of role 'user'; a prompt needs a user turn to answer");
        }
    }

    private static DataException Explain(string source, JinjaException error) =>
        new($"{source}: chat template line {error.Line}: {error.Message.ReplaceLineEndings(" ")}", error);
}
