using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// One token for each UTF-8 byte, ids 0 to 255, then special tokens in order. Expresses any text; special tokens are never
/// produced from text, so text cannot forge them. While decoding, bytes that are no valid UTF-8 become U+FFFD.
/// </summary>
public sealed class ByteTokenizer : ITokenizer
{
    /// <summary>Number of ids taken by bytes; the first special token has this id.</summary>
    public const int ByteCount = 256;

    // Unpaired surrogates have no bytes; throwing is better than training on something else than the text.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string[] _specialTokens;

    /// <summary>Creates a tokenizer.</summary>
    /// <param name="specialTokens">Different, non-empty names.</param>
    /// <param name="endOfText">Which of them ends a response.</param>
    /// <exception cref="ArgumentException">A name is empty or occurs twice, or the end token is not among them.</exception>
    public ByteTokenizer(IReadOnlyList<string> specialTokens, string endOfText)
    {
        ArgumentNullException.ThrowIfNull(specialTokens);
        ArgumentException.ThrowIfNullOrEmpty(endOfText);
        _specialTokens = [.. specialTokens];
        if (_specialTokens.Any(string.IsNullOrEmpty) || _specialTokens.Distinct(StringComparer.Ordinal).Count() != _specialTokens.Length)
        {
            throw new ArgumentException("special tokens need different, non-empty names", nameof(specialTokens));
        }

        EndOfText = endOfText;
        EndOfTextId = SpecialTokenId(endOfText);
    }

    /// <summary>Names of the special tokens; the first has id 256.</summary>
    public IReadOnlyList<string> SpecialTokens => _specialTokens;

    /// <summary>Name of the end token.</summary>
    public string EndOfText { get; }

    /// <inheritdoc/>
    public int VocabularySize => ByteCount + _specialTokens.Length;

    /// <inheritdoc/>
    public int EndOfTextId { get; }

    /// <summary>Id of a special token.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public int SpecialTokenId(string name)
    {
        var at = Array.IndexOf(_specialTokens, name);
        return at >= 0 ? ByteCount + at : throw new ArgumentException($"there is no special token '{name}'", nameof(name));
    }

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        byte[] bytes;
        try
        {
            bytes = Strict.GetBytes(text);
        }
        catch (EncoderFallbackException error)
        {
            throw new DataException($"the text has an unpaired surrogate at position {error.Index}, which UTF-8 cannot express", error);
        }

        return Array.ConvertAll(bytes, b => (int)b);
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> tokenIds)
    {
        var bytes = new byte[tokenIds.Length];
        var count = 0;
        foreach (var id in tokenIds)
        {
            if ((uint)id >= (uint)VocabularySize)
            {
                throw new ArgumentOutOfRangeException(nameof(tokenIds), id, $"token ids are in [0, {VocabularySize})");
            }

            if (id < ByteCount)
            {
                bytes[count++] = (byte)id;
            }
        }

        return Encoding.UTF8.GetString(bytes, 0, count);
    }
}
