using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Makes prompts of chats: the text up to where the assistant's answer begins.</summary>
/// <param name="template">The model's chat template.</param>
/// <param name="system">The system message of chats that have none; null to leave them without.</param>
/// <param name="variables">Given to the template, such as <c>enable_thinking</c>; null for none.</param>
public sealed class ChatFormat(ChatTemplate template, string? system = null, IReadOnlyDictionary<string, JsonElement>? variables = null)
{
    private const string System = "system";
    private const string Assistant = "assistant";
    private const string User = "user";

    /// <summary>The prompt of a chat in memory.</summary>
    /// <param name="messages">The turns so far.</param>
    /// <param name="tools">An array of the tools it may call; null for none.</param>
    /// <exception cref="DataException">The template refuses it.</exception>
    public string Of(IReadOnlyList<ChatMessage> messages, JsonElement? tools = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return template.Render(
            system is not null && (messages.Count == 0 || messages[0].Role != System) ? [new ChatMessage(System, system), .. messages] : messages,
            tools,
            variables: variables);
    }

    /// <summary>The prompt of one turn of the user.</summary>
    /// <exception cref="DataException">The template refuses it.</exception>
    internal string OfText(JsonlRow row, string text, JsonElement? tools = null) => Named(row, () => Of([new ChatMessage(User, text)], tools));

    /// <summary>
    /// The prompt of a field that holds messages; empty where it holds none. What messages hold besides role and content, such as
    /// calls of tools, is the template's.
    /// </summary>
    /// <exception cref="DataException">
    /// A message is no object with a role, the last one is the assistant's, so that nothing is left to answer, none is the user's,
    /// or the template refuses them.
    /// </exception>
    internal string OfMessages(JsonlRow row, string field, JsonElement? tools)
    {
        var messages = row.Objects(field);
        if (messages.Count == 0)
        {
            return "";
        }

        var roles = messages.Select(m => m.Text("role")).ToList();
        if (roles[^1] == Assistant)
        {
            throw row.Error($"field '{field}' ends with a message of the assistant, so there is nothing to answer; take that message out");
        }

        if (!roles.Contains(User))
        {
            throw row.Error($"field '{field}' has no message of the user; a prompt needs one");
        }

        var json = row.Json(field);
        if (system is not null && roles[0] != System)
        {
            json = $"[{{\"role\":\"{System}\",\"content\":\"{JsonEncodedText.Encode(system)}\"}},{json[1..]}";
        }

        using var document = JsonDocument.Parse(json);
        return Named(row, () => template.Render(document.RootElement, tools, variables: variables));
    }

    private static string Named(JsonlRow row, Func<string> render)
    {
        try
        {
            return render();
        }
        catch (DataException error)
        {
            throw row.Error($"the prompt's chat cannot be rendered: {error.Message}");
        }
    }
}
