using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary>How a recipe's prompts become chats.</summary>
internal static class Chats
{
    /// <summary>The format that the recipe's <c>data.chat</c> asks for; null where prompts are plain text.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="folder">The folder with the tokenizer's files; null where there is none.</param>
    /// <exception cref="RecipeException">No template is there.</exception>
    /// <exception cref="DataException">The template is damaged or uses what is not supported.</exception>
    public static ChatFormat? Of(Recipe recipe, string? folder)
    {
        if (recipe.Data.Chat is not { } chat)
        {
            return null;
        }

        var template = chat.Template is { } path ? ChatTemplateFolder.Open(path, folder)
            : (folder is null ? null : ChatTemplateFolder.Find(folder)) ?? throw new RecipeException(
                $"{recipe.Source}: data.chat: {folder ?? "a model without a folder"} has no chat template (tokenizer_config.json or chat_template.jinja); "
                + "set data.chat.template to a Jinja file, or leave data.chat out for plain text");
        return new ChatFormat(template, chat.System, Variables(chat.EnableThinking));
    }

    /// <summary>The format of a folder's own template; null where it has none.</summary>
    /// <param name="folder">The folder with the tokenizer's files; null where there is none.</param>
    /// <param name="enableThinking">Given to the template; null lets it decide.</param>
    /// <exception cref="DataException">The template is damaged or uses what is not supported.</exception>
    public static ChatFormat? Find(string? folder, bool? enableThinking) =>
        folder is not null && ChatTemplateFolder.Find(folder) is { } template ? new ChatFormat(template, system: null, Variables(enableThinking)) : null;

    private static Dictionary<string, JsonElement> Variables(bool? enableThinking)
    {
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (enableThinking is { } thinking)
        {
            variables["enable_thinking"] = JsonElement.Parse(thinking ? "true" : "false");
        }

        return variables;
    }
}
