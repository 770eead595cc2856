using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>One message of a chat.</summary>
/// <param name="Role">Who speaks: <c>system</c>, <c>user</c>, <c>assistant</c> or what a template knows besides.</param>
/// <param name="Content">What is said.</param>
public readonly record struct ChatTurn(string Role, string Content);

/// <summary>Makes prompts of chats: the text up to where the assistant's answer begins.</summary>
/// <param name="render">Renders messages with the model's chat template.</param>
/// <param name="system">The system message of chats that have none; null to leave them without.</param>
public sealed class ChatFormat(Func<IReadOnlyList<ChatTurn>, string> render, string? system)
{
    private const string System = "system";
    private const string Assistant = "assistant";

    /// <summary>The prompt of one turn of the user.</summary>
    /// <exception cref="DataException">The template refuses it.</exception>
    public string OfText(JsonlRow row, string text) => Render(row, [new ChatTurn("user", text)]);

    /// <summary>The prompt of a field that holds messages; empty where it holds none.</summary>
    /// <exception cref="DataException">
    /// A message has no role or content as text, the last one is the assistant's, so that nothing is left to answer, or the
    /// template refuses them.
    /// </exception>
    public string OfMessages(JsonlRow row, string field)
    {
        var messages = row.Objects(field).Select(m => new ChatTurn(m.Text("role"), m.Text("content"))).ToList();
        return messages.Count == 0 ? ""
            : messages[^1].Role == Assistant ? throw row.Error($"field '{field}' ends with a message of the assistant, so there is nothing to answer; take that message out")
            : !messages.Exists(m => m.Role == "user") ? throw row.Error($"field '{field}' has no message of the user; a prompt needs one")
            : Render(row, messages);
    }

    /// <summary>The prompt of a chat in memory.</summary>
    /// <exception cref="DataException">The template refuses it.</exception>
    public string Of(IReadOnlyList<ChatTurn> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return render(system is not null && (messages.Count == 0 || messages[0].Role != System) ? [new ChatTurn(System, system), .. messages] : messages);
    }

    private string Render(JsonlRow row, IReadOnlyList<ChatTurn> messages)
    {
        try
        {
            return Of(messages);
        }
        catch (DataException error)
        {
            throw row.Error($"the prompt's chat cannot be rendered: {error.Message}");
        }
    }
}
