using System.Text;
using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Data.HuggingFace;

namespace RolloutLab.Data;

/// <summary>Finds the chat template of a tokenizer where transformers keeps it.</summary>
internal static class ChatTemplateFiles
{
    private const string Key = "chat_template";
    private const string Default = "default";

    private static readonly string[] TokenNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary><c>chat_template.jinja</c>, else <c>chat_template</c> of <c>tokenizer_config.json</c>: a text, or a list of texts by name.</summary>
    public static ChatTemplate? Find(TokenizerFiles files, string? name, bool withTools, TimeProvider? time)
    {
        var tokens = TokensOf(files.Config);
        if (files.Template is { } bytes && name is null or Default)
        {
            return ChatTemplate.Parse(Encoding.UTF8.GetString(bytes!), files.Beside(TokenizerFiles.TemplateName), tokens, time);
        }

        if (files.Config?.Optional(Key) is not { } section)
        {
            return name is null ? null : throw Missing(files, name);
        }

        var source = files.Beside(TokenizerFiles.ConfigName);
        if (section.Value.ValueKind == JsonValueKind.String)
        {
            return name is null or Default ? ChatTemplate.Parse(section.Text(), $"{source}: {Key}", tokens, time) : throw Missing(files, name);
        }

        var named = new Dictionary<string, JsonSection>(StringComparer.Ordinal);
        foreach (var item in section.Items())
        {
            named[item.Text("name")] = item.Required("template");
        }

        var chosen = name ?? (withTools && named.ContainsKey("tool_use") ? "tool_use" : Default);
        return named.TryGetValue(chosen, out var template)
            ? ChatTemplate.Parse(template.Text(), $"{source}: {Key} '{chosen}'", tokens, time)
            : throw Missing(files, chosen, named.Keys);
    }

    // As transformers passes them: those that are set, by their names.
    private static Dictionary<string, JsonElement> TokensOf(JsonSection? config)
    {
        var tokens = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var key in TokenNames)
        {
            if (SpecialTokenNames.Find(config, key) is { } token)
            {
                tokens[key] = JsonSerializer.SerializeToElement(token);
            }
        }

        return tokens;
    }

    private static DataException Missing(TokenizerFiles files, string name, IEnumerable<string>? known = null) =>
        new($"{files.Beside(TokenizerFiles.ConfigName)}: {Key} has no template '{name}'{(known is null ? "" : $"; it has {string.Join(", ", known)}")}");
}
