using RolloutLab.Core;

namespace RolloutLab.Benchmarks;

/// <summary>Ids without text.</summary>
/// <param name="vocabularySize">Number of ids.</param>
/// <param name="endToken">Ends a response; -1 for none, so that every response has the full length.</param>
internal sealed class BenchTokenizer(int vocabularySize, int endToken) : ITokenizer
{
    public int VocabularySize => vocabularySize;

    public int EndOfTextId => endToken;

    public int[] Encode(string text) => throw new NotSupportedException();

    public string Decode(ReadOnlySpan<int> tokenIds) => "";
}
