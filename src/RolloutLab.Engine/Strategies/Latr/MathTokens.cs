using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>
/// The tokens that the authors' code of LATR takes for mathematics: those whose text, blanks at its ends left out, is
/// part of a string of digits and operators. Blank tokens are among them, for the empty text is part of every string.
/// </summary>
public static class MathTokens
{
    private const string Symbols = @"+-*/\<>=()[]{}_^&%$0123456789";

    /// <summary>The ids of a tokenizer's tokens of mathematics.</summary>
    public static IReadOnlySet<int> Of(ITokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return Enumerable.Range(0, tokenizer.VocabularySize)
            .Where(id => !tokenizer.EndOfTextIds.Contains(id) && Symbols.Contains(tokenizer.Decode([id]).Trim(), StringComparison.Ordinal))
            .ToHashSet();
    }
}
