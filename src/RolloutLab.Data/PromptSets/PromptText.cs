using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Makes the text of a prompt from a field that is text or a list of chat messages. Text is put into a template; where there is
/// a chat, it becomes one turn of the user. Messages need a chat.
/// </summary>
/// <param name="template">What stands around text.</param>
/// <param name="chat">Renders messages; null where prompts are plain text.</param>
/// <param name="tools">The column with the tools that a chat may call; null takes <c>tools</c> where there is one.</param>
public sealed class PromptText(TextTemplate template, ChatFormat? chat = null, string? tools = null)
{
    private readonly ToolsColumn _tools = new(tools);

    /// <summary>Whether prompts are chats that a template rendered.</summary>
    public bool RendersChats => chat is not null;

    /// <summary>The columns of a table that a prompt may need.</summary>
    /// <param name="name">The prompt's; dots lead into objects.</param>
    public IEnumerable<string> Columns(string name) => chat is null ? [RowFields.ColumnOf(name)] : [RowFields.ColumnOf(name), _tools.Column];

    /// <summary>The text of a row's prompt; empty where the field is null, empty or white space.</summary>
    /// <param name="whole">The row.</param>
    /// <param name="name">The prompt's field; dots lead into objects.</param>
    /// <exception cref="DataException">A field is missing or of another type, or the messages cannot be rendered.</exception>
    public string Of(JsonlRow whole, string name)
    {
        var (row, field) = RowFields.Find(whole, name);
        if (row.Has(field) && !row.HasValue(field))
        {
            return "";
        }

        if (!row.IsArray(field))
        {
            var text = row.IsText(field) ? row.Text(field) : throw row.IllTyped(field, "text or a list of chat messages");
            return string.IsNullOrWhiteSpace(text) ? "" : chat is null ? template.Apply(text) : chat.OfText(row, template.Apply(text), _tools.Of(whole));
        }

        return chat is not null ? chat.OfMessages(row, field, _tools.Of(whole)) : throw row.Error(
            $"field '{field}' holds chat messages, and nothing says how they become text; add data.chat: {{}} to the recipe, which takes the model's chat template");
    }
}
