using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Makes the text of a prompt from a field that is text or a list of chat messages. Text is put into a template; where there is
/// a chat, it becomes one turn of the user. Messages need a chat.
/// </summary>
/// <param name="template">What stands around text.</param>
/// <param name="chat">Renders messages; null where prompts are plain text.</param>
public sealed class PromptText(TextTemplate template, ChatFormat? chat = null)
{
    /// <summary>Whether prompts are chats that a template rendered.</summary>
    public bool RendersChats => chat is not null;

    /// <summary>The text of a row's prompt; empty where the field is null, empty or white space.</summary>
    /// <exception cref="DataException">The field is missing or of another type, or its messages cannot be rendered.</exception>
    public string Of(JsonlRow row, string field)
    {
        if (row.Has(field) && !row.HasValue(field))
        {
            return "";
        }

        if (!row.IsArray(field))
        {
            var text = row.IsText(field) ? row.Text(field) : throw row.IllTyped(field, "text or a list of chat messages");
            return string.IsNullOrWhiteSpace(text) ? "" : chat is null ? template.Apply(text) : chat.OfText(row, template.Apply(text));
        }

        return chat is not null ? chat.OfMessages(row, field) : throw row.Error(
            $"field '{field}' holds chat messages, and nothing says how they become text; add data.chat: {{}} to the recipe, which takes the model's chat template");
    }
}
