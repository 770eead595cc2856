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
        return new ChatFormat(template, chat.System, Variables(chat));
    }

    private static Dictionary<string, JsonElement> Variables(ChatSection chat)
    {
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (chat.EnableThinking is { } thinking)
        {
            variables["enable_thinking"] = JsonElement.Parse(thinking ? "true" : "false");
        }

        return variables;
    }
}
