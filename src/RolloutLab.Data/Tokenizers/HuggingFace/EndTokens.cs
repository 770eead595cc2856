using RolloutLab.Core;

namespace RolloutLab.Data.HuggingFace;

/// <summary>The ids that end a response, from the files beside a tokenizer.</summary>
internal static class EndTokens
{
    /// <summary>
    /// The tokenizer's own end token (<c>tokenizer_config.json</c>, <c>eos_token</c>) comes first, then those of
    /// <c>generation_config.json</c>, which can list several; without either, those of <c>config.json</c>.
    /// </summary>
    /// <exception cref="DataException">None is named anywhere, or one is no token.</exception>
    public static List<int> Find(TokenizerFiles files, IReadOnlyDictionary<string, int> added, BpeVocabulary vocabulary, int size)
    {
        var ids = new List<int>();
        if (SpecialTokenNames.Find(files.Config, "eos_token") is { } name)
        {
            var id = added.TryGetValue(name, out var found) ? found : vocabulary.Find(name);
            ids.Add(id >= 0 ? id : throw files.Config!.Value.Error($"has the eos_token '{BpeVocabulary.Shown(name)}', which the tokenizer does not have"));
        }

        ids.AddRange(Listed(files.Generation, size));
        ids.AddRange(ids.Count == 0 ? Listed(files.Model, size) : []);
        return ids.Count > 0
            ? [.. ids.Distinct()]
            : throw new DataException(
                $"{files.Path}: no token ends a response: put 'eos_token' in {TokenizerFiles.ConfigName} or 'eos_token_id' in {TokenizerFiles.GenerationName} beside it");
    }

    private static List<int> Listed(JsonSection? file, int size)
    {
        if (file?.Optional("eos_token_id") is not { } section)
        {
            return [];
        }

        var ids = section.Value.ValueKind == System.Text.Json.JsonValueKind.Array ? section.Items().Select(item => item.Id()).ToList() : [section.Id()];
        return ids.TrueForAll(id => id < size) ? ids : throw section.Error($"names an id that the tokenizer, with {size} ids, does not have");
    }
}

/// <summary>The names of special tokens in <c>tokenizer_config.json</c>.</summary>
internal static class SpecialTokenNames
{
    /// <summary>A name, given as text or as an object with <c>content</c>; null where there is none.</summary>
    /// <exception cref="DataException">It is anything else.</exception>
    public static string? Find(JsonSection? config, string key) => config?.Optional(key) is not { } token ? null
        : token.Value.ValueKind == System.Text.Json.JsonValueKind.Object ? token.Text("content") : token.Text();
}
