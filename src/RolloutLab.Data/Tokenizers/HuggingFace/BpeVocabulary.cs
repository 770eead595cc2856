using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Data.HuggingFace;

/// <summary>The tokens of a model and which pairs of them merge.</summary>
internal sealed class BpeVocabulary
{
    /// <summary>Ids are below this; a larger one is taken for damage.</summary>
    public const int MaxSize = 1 << 22;

    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly Dictionary<ulong, (int Rank, int Id)> _merges;

    private BpeVocabulary(Dictionary<string, int> ids, string?[] tokens, int merges)
    {
        Tokens = tokens;
        _lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _merges = new Dictionary<ulong, (int Rank, int Id)>(merges);
    }

    /// <summary>The tokens by id; null where an id is not used.</summary>
    public IReadOnlyList<string?> Tokens { get; }

    /// <summary>The id of a token; -1 where there is none.</summary>
    public int Find(ReadOnlySpan<char> token) => _lookup.TryGetValue(token, out var id) ? id : -1;

    /// <summary>Whether two neighbours merge, how early (lower first), and into what.</summary>
    public bool TryMerge(int left, int right, out (int Rank, int Id) merge) => _merges.TryGetValue(Pair(left, right), out merge);

    /// <summary>Reads <c>model.vocab</c> and <c>model.merges</c>.</summary>
    /// <exception cref="DataException">A key is missing or damaged, an id is taken twice, or a merge names what is no token.</exception>
    public static BpeVocabulary Read(JsonSection model)
    {
        var section = model.Required("vocab");
        if (section.Value.ValueKind != JsonValueKind.Object)
        {
            throw section.Error($"must be an object of tokens and ids, not a JSON {section.Value.ValueKind}");
        }

        var merges = model.Optional("merges") ?? throw model.Error("has no 'merges'; a BPE tokenizer without them cannot join bytes to tokens");
        if (merges.Value.ValueKind != JsonValueKind.Array)
        {
            throw merges.Error($"must be an array, not a JSON {merges.Value.ValueKind}");
        }

        var (ids, tokens) = ReadIds(section);
        var vocabulary = new BpeVocabulary(ids, tokens, merges.Value.GetArrayLength());
        vocabulary.ReadMerges(merges);
        return vocabulary;
    }

    private static (Dictionary<string, int> Ids, string?[] Tokens) ReadIds(JsonSection section)
    {
        var ids = new Dictionary<string, int>(section.Value.GetPropertyCount(), StringComparer.Ordinal);
        var size = 0;
        foreach (var property in section.Value.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt32(out var id) || id is < 0 or >= MaxSize)
            {
                throw section.Error($"gives '{Shown(NameOf(section, property))}' the id {Shown(property.Value.GetRawText())}; ids are whole numbers from 0 below {MaxSize}");
            }

            ids[NameOf(section, property)] = id;
            size = Math.Max(size, id + 1);
        }

        var tokens = new string?[size];
        foreach (var (token, id) in ids)
        {
            if (tokens[id] is { } other)
            {
                throw section.Error($"gives the id {id} to '{Shown(token)}' and to '{Shown(other)}'");
            }

            tokens[id] = token;
        }

        return (ids, tokens);
    }

    private void ReadMerges(JsonSection section)
    {
        var buffer = new char[256];
        var rank = 0;
        foreach (var item in section.Value.EnumerateArray())
        {
            var (left, right) = Halves(section, item, rank);
            if (left.Length + right.Length > buffer.Length)
            {
                buffer = new char[2 * (left.Length + right.Length)];
            }

            left.Span.CopyTo(buffer);
            right.Span.CopyTo(buffer.AsSpan(left.Length));
            var (first, second, whole) = (Find(left.Span), Find(right.Span), Find(buffer.AsSpan(0, left.Length + right.Length)));
            if (first < 0 || second < 0 || whole < 0)
            {
                var missing = first < 0 ? left.ToString() : second < 0 ? right.ToString() : left.ToString() + right;
                throw section.Error($"joins '{Shown(left.ToString())}' and '{Shown(right.ToString())}' in entry {rank}, but '{Shown(missing)}' is not in the vocabulary");
            }

            _merges[Pair(first, second)] = (rank++, whole);
        }
    }

    // "a b", or ["a", "b"], which is how tokens with blanks can merge.
    private static (ReadOnlyMemory<char> Left, ReadOnlyMemory<char> Right) Halves(JsonSection section, JsonElement item, int rank)
    {
        try
        {
            if (item.ValueKind == JsonValueKind.Array && item.GetArrayLength() == 2
                && item[0].ValueKind == JsonValueKind.String && item[1].ValueKind == JsonValueKind.String)
            {
                return (item[0].GetString().AsMemory(), item[1].GetString().AsMemory());
            }

            if (item.ValueKind == JsonValueKind.String)
            {
                var text = item.GetString()!;
                var space = text.IndexOf(' ', StringComparison.Ordinal);
                if (space >= 0 && text.IndexOf(' ', space + 1) < 0)
                {
                    return (text.AsMemory(0, space), text.AsMemory(space + 1));
                }
            }
        }
        catch (InvalidOperationException)
        {
            // Text that is no Unicode is refused like any other.
        }

        throw section.Error($"needs two tokens in entry {rank}, as \"a b\" or [\"a\", \"b\"]");
    }

    private static string NameOf(JsonSection section, JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw section.Error("has a token with an unpaired surrogate escape");
        }
    }

    internal static string Shown(string text) => (text.Length > 40 ? text[..40] + "..." : text).ReplaceLineEndings(" ");

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;
}
