using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Checks, at load time, that a tokenizer can express what a run needs.</summary>
public static class TokenizerRequirements
{
    /// <summary>Throws unless the tokenizer can express every character of a text.</summary>
    /// <param name="tokenizer">The tokenizer to check.</param>
    /// <param name="text">All characters needed, such as <see cref="CountdownVocabulary.Symbols"/>.</param>
    /// <param name="source">Where the tokenizer comes from, for the message: a file path.</param>
    /// <exception cref="DataException">A character is missing; the message names the source, the character and its position.</exception>
    public static void Require(this ITokenizer tokenizer, string text, string source)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            _ = tokenizer.Encode(text);
        }
        catch (DataException error)
        {
            throw new DataException($"{source}: {error.Message}", error);
        }
    }
}
