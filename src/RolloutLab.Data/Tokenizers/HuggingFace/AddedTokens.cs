using System.Buffers;
using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Data.HuggingFace;

/// <summary>A token that is looked for in texts before anything else is done.</summary>
internal sealed record AddedToken(int Id, string Content, bool SingleWord, bool LeftStrip, bool RightStrip, bool Normalized, bool Special);

/// <summary>The <c>added_tokens</c> of a tokenizer.</summary>
internal sealed class AddedTokens
{
    private readonly TokenTrie _raw = new();
    private readonly TokenTrie _normalized = new();

    /// <summary>Reads the section.</summary>
    /// <exception cref="DataException">A token is damaged, or its id belongs to another.</exception>
    public AddedTokens(JsonSection? section, BpeVocabulary vocabulary, Normalizer normalizer)
    {
        var names = new Dictionary<int, string>();
        var tokens = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        foreach (var item in section?.Items() ?? [])
        {
            var token = Read(item);
            var (known, holder) = (vocabulary.Find(token.Content), names.GetValueOrDefault(token.Id) ?? vocabulary.Tokens.ElementAtOrDefault(token.Id) ?? token.Content);
            if ((known >= 0 && known != token.Id) || holder != token.Content || (tokens.TryGetValue(token.Content, out var same) && same.Id != token.Id))
            {
                throw item.Error($"gives '{BpeVocabulary.Shown(token.Content)}' the id {token.Id}, which contradicts another token or id");
            }

            names[token.Id] = token.Content;
            tokens[token.Content] = token;
        }

        All = [.. tokens.Values.Where(token => token.Content.Length > 0)];
        foreach (var token in All)
        {
            (token.Normalized ? _normalized : _raw).Add(token.Normalized ? normalizer.Apply(token.Content) : token.Content, token);
        }
    }

    /// <summary>The tokens.</summary>
    public IReadOnlyList<AddedToken> All { get; }

    /// <summary>Cuts a text at the tokens that are looked for as it stands.</summary>
    public List<(string? Text, AddedToken? Token)> CutRaw(string text) => _raw.Cut(text);

    /// <summary>Cuts a normalized text at the tokens that are normalized themselves.</summary>
    public List<(string? Text, AddedToken? Token)> CutNormalized(string text) => _normalized.Cut(text);

    private static AddedToken Read(JsonSection item) => new(
        item.Required("id").Id(),
        item.Text("content"),
        item.Flag("single_word", false),
        item.Flag("lstrip", false),
        item.Flag("rstrip", false),
        item.Flag("normalized", !item.Flag("special", false)),
        item.Flag("special", false));
}

/// <summary>Finds the longest of several tokens at the leftmost place, then goes on behind it.</summary>
internal sealed class TokenTrie
{
    private readonly Dictionary<(int Node, char Next), int> _edges = [];
    private readonly List<AddedToken?> _ends = [null];
    private readonly HashSet<char> _firsts = [];
    private SearchValues<char> _starts = SearchValues.Create("");

    public void Add(string content, AddedToken token)
    {
        if (content.Length == 0)
        {
            return;
        }

        var node = 0;
        foreach (var c in content)
        {
            if (!_edges.TryGetValue((node, c), out var next))
            {
                next = _ends.Count;
                _edges.Add((node, c), next);
                _ends.Add(null);
            }

            node = next;
        }

        _ends[node] ??= token;
        if (_firsts.Add(content[0]))
        {
            _starts = SearchValues.Create([.. _firsts]);
        }
    }

    public List<(string? Text, AddedToken? Token)> Cut(string text)
    {
        var parts = new List<(string? Text, AddedToken? Token)>();
        var (done, at) = (0, 0);
        while (at < text.Length)
        {
            var found = text.AsSpan(at).IndexOfAny(_starts);
            if (found < 0)
            {
                break;
            }

            at += found;
            var token = Longest(text, at, out var length);
            if (token is null)
            {
                at++;
                continue;
            }

            var (start, end) = (at, at + length);
            at = end;
            if (token.SingleWord && (EndsWithWord(text.AsSpan(0, start)) || StartsWithWord(text.AsSpan(end))))
            {
                continue;
            }

            start = token.LeftStrip ? Math.Max(text.AsSpan(0, start).TrimEnd().Length, done) : start;
            end = token.RightStrip ? text.Length - text.AsSpan(end).TrimStart().Length : end;
            if (start > done)
            {
                parts.Add((text[done..start], null));
            }

            parts.Add((null, token));
            done = end;
        }

        if (done < text.Length)
        {
            parts.Add((done == 0 ? text : text[done..], null));
        }

        return parts;
    }

    private AddedToken? Longest(string text, int start, out int length)
    {
        var (node, best) = (0, (AddedToken?)null);
        length = 0;
        for (var at = start; at < text.Length && _edges.TryGetValue((node, text[at]), out node); at++)
        {
            if (_ends[node] is { } token)
            {
                (best, length) = (token, at + 1 - start);
            }
        }

        return best;
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out var rune, out _) == OperationStatus.Done && CharacterKind.IsWord(rune.Value);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out var rune, out _) == OperationStatus.Done && CharacterKind.IsWord(rune.Value);
}
