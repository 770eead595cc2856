using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Loads prompt sets from JSON lines. A file loads whole or not at all.</summary>
public sealed class PromptSetLoader
{
    private readonly ITokenizer _tokenizer;
    private readonly PromptSetOptions _options;

    /// <summary>Creates a loader.</summary>
    /// <param name="tokenizer">Makes token ids of the prompts.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is below 1.</exception>
    public PromptSetLoader(ITokenizer tokenizer, PromptSetOptions options)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxPromptTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Limit ?? 1, 1);
        (_tokenizer, _options) = (tokenizer, options);
    }

    /// <summary>Loads a file.</summary>
    /// <param name="name">Name of the set.</param>
    /// <param name="path">A JSON-lines file.</param>
    /// <param name="format">What its lines say.</param>
    /// <exception cref="DataException">
    /// The file or a line is unusable, an id occurs twice, a prompt is empty, has a character the tokenizer lacks, or is too
    /// long and may not be skipped, or there is no prompt at all.
    /// </exception>
    public PromptSet Load(string name, string path, IPromptFormat format)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(format);
        var prompts = new List<Prompt>();
        var lines = new Dictionary<string, long>(StringComparer.Ordinal);
        var skipped = 0;
        foreach (var row in JsonlReader.Read(path))
        {
            if (prompts.Count == _options.Limit)
            {
                break;
            }

            var fields = format.Read(row);
            var id = fields.Id ?? row.Line.ToString(CultureInfo.InvariantCulture);
            if (!lines.TryAdd(id, row.Line))
            {
                throw row.Error($"id '{id}' was used before, in line {lines[id]}; ids must be unique");
            }

            var tokenIds = row.Encode(_tokenizer, fields.Text, "prompt");
            if (tokenIds.Length > _options.MaxPromptTokens)
            {
                skipped += SkipOrThrow(row, tokenIds.Length);
                continue;
            }

            prompts.Add(new Prompt(prompts.Count, id, fields.Text, tokenIds, fields.Answer));
        }

        return prompts.Count > 0 ? new PromptSet(name, prompts, skipped) : throw NoPrompts(path, skipped);
    }

    private int SkipOrThrow(JsonlRow row, int length) => _options.Overlong == OverlongPolicy.Skip
        ? 1
        : throw row.Error(
            $"the prompt has {length} tokens, more than the limit of {_options.MaxPromptTokens}; "
            + "raise the limit, remove the line, or set 'overlong: skip'");

    private DataException NoPrompts(string path, int skipped) => new(skipped == 0
        ? $"{path}: has no prompts"
        : $"{path}: all {skipped} prompts are longer than the limit of {_options.MaxPromptTokens} tokens; raise the limit");
}
