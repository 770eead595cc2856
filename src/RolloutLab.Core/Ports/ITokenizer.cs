namespace RolloutLab.Core;

/// <summary>Text to token ids and back. Implementations are immutable and thread-safe.</summary>
public interface ITokenizer
{
    /// <summary>Number of token ids: ids are in [0, VocabularySize).</summary>
    int VocabularySize { get; }

    /// <summary>Id of the token that ends a response.</summary>
    int EndOfTextId { get; }

    /// <summary>Every id that ends a response, <see cref="EndOfTextId"/> first: chat models have several.</summary>
    IReadOnlyList<int> EndOfTextIds => [EndOfTextId];

    /// <summary>Token ids of a text, without any added special token.</summary>
    /// <exception cref="DataException">The text has a character the vocabulary cannot express.</exception>
    int[] Encode(string text);

    /// <summary>
    /// Token ids of a text that stands for itself, with what the tokenizer puts around one (Llama: the token that begins a text).
    /// A chat that a template rendered has all of that already; it is for <see cref="Encode"/>.
    /// </summary>
    /// <exception cref="DataException">As <see cref="Encode"/>.</exception>
    int[] EncodeDocument(string text) => Encode(text);

    /// <summary>The text of token ids; special tokens are left out. Ids outside the vocabulary throw <see cref="ArgumentOutOfRangeException"/>.</summary>
    string Decode(ReadOnlySpan<int> tokenIds);
}
