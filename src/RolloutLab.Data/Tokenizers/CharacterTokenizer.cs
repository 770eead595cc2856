using System.Buffers;
using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// One token for each of a fixed list of characters; ids are positions in the list. The end token has the id after the last
/// symbol and is never produced from text.
/// </summary>
public sealed class CharacterTokenizer : ITokenizer
{
    private readonly string[] _symbols;
    private readonly Dictionary<Rune, int> _ids = [];

    /// <summary>Creates a tokenizer.</summary>
    /// <param name="symbols">Different strings of one Unicode scalar value each; at least one.</param>
    /// <param name="endOfText">Name of the end token; only for people.</param>
    /// <exception cref="ArgumentException">A symbol is not one character, occurs twice, or there is none.</exception>
    public CharacterTokenizer(IReadOnlyList<string> symbols, string endOfText)
    {
        ArgumentNullException.ThrowIfNull(symbols);
        ArgumentException.ThrowIfNullOrEmpty(endOfText);
        if (symbols.Count == 0)
        {
            throw new ArgumentException("a tokenizer needs at least one symbol", nameof(symbols));
        }

        _symbols = [.. symbols];
        EndOfText = endOfText;
        for (var id = 0; id < _symbols.Length; id++)
        {
            var symbol = _symbols[id];
            if (symbol is null || Rune.DecodeFromUtf16(symbol, out var rune, out var used) != OperationStatus.Done || used != symbol.Length)
            {
                throw new ArgumentException($"symbol {id} ('{symbol}') is not exactly one character", nameof(symbols));
            }

            if (!_ids.TryAdd(rune, id))
            {
                throw new ArgumentException($"symbol {id} ('{symbol}') occurs twice", nameof(symbols));
            }
        }
    }

    /// <summary>The symbols by id.</summary>
    public IReadOnlyList<string> Symbols => _symbols;

    /// <summary>Name of the end token.</summary>
    public string EndOfText { get; }

    /// <inheritdoc/>
    public int VocabularySize => _symbols.Length + 1;

    /// <inheritdoc/>
    public int EndOfTextId => _symbols.Length;

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new int[text.Length];
        var count = 0;
        for (var at = 0; at < text.Length;)
        {
            var status = Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var used);
            if (status != OperationStatus.Done || !_ids.TryGetValue(rune, out ids[count++]))
            {
                throw Unknown(rune, at);
            }

            at += used;
        }

        return count == ids.Length ? ids : ids[..count];
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> tokenIds)
    {
        var text = new StringBuilder(tokenIds.Length);
        foreach (var id in tokenIds)
        {
            if ((uint)id >= (uint)VocabularySize)
            {
                throw new ArgumentOutOfRangeException(nameof(tokenIds), id, $"token ids are in [0, {VocabularySize})");
            }

            if (id != EndOfTextId)
            {
                text.Append(_symbols[id]);
            }
        }

        return text.ToString();
    }

    private DataException Unknown(Rune rune, int position)
    {
        var shown = Rune.IsControl(rune) ? string.Empty : $"'{rune}' ";
        return new DataException(
            $"the tokenizer has no symbol for {shown}(U+{rune.Value:X4}) at position {position}; it has {_symbols.Length} symbols: "
            + $"{Preview()}; use a tokenizer made for this text, or the byte tokenizer");
    }

    private string Preview()
    {
        const int Shown = 40;
        var preview = string.Concat(_symbols.Take(Shown).Where(s => !char.IsControl(s, 0)));
        return _symbols.Length <= Shown ? preview : preview + "...";
    }
}
