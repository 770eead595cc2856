namespace RolloutLab.Core;

/// <summary>Text to token ids and back. Implementations are immutable and thread-safe.</summary>
public interface ITokenizer
{
    /// <summary>Number of token ids: ids are in [0, VocabularySize).</summary>
    int VocabularySize { get; }

    /// <summary>Id of the token that ends a response.</summary>
    int EndOfTextId { get; }

    /// <summary>Token ids of a text, without any added special token.</summary>
    /// <exception cref="DataException">The text has a character the vocabulary cannot express.</exception>
    int[] Encode(string text);

    /// <summary>The text of token ids; special tokens are left out. Ids outside the vocabulary throw <see cref="ArgumentOutOfRangeException"/>.</summary>
    string Decode(ReadOnlySpan<int> tokenIds);
}
