using RolloutLab.Core;

namespace RolloutLab.UnitTests.Engine;

/// <summary>Token 0 ends a response; token i stands for the letter i after 'A' - 1.</summary>
internal sealed class LetterTokenizer(int vocabularySize = ContextHash.VocabularySize) : ITokenizer
{
    public int VocabularySize => vocabularySize;

    public int EndOfTextId => ContextHash.StopToken;

    public int[] Encode(string text) => [.. text.Select(letter => letter - 'A' + 1)];

    public string Decode(ReadOnlySpan<int> tokenIds)
    {
        var text = new char[tokenIds.Length];
        for (var i = 0; i < text.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(tokenIds[i], vocabularySize);
            text[i] = (char)('A' + tokenIds[i] - 1);
        }

        return new string(text);
    }
}
