using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Tokenizes texts so that the token which begins a text (Llama's <c>&lt;|begin_of_text|&gt;</c>) is there once, in front, where the model expects one.</summary>
public static class LeadingToken
{
    /// <summary>Token ids of a text that stands alone; the leading token is not added to one that begins with it.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="DataException">The text has a character the vocabulary cannot express.</exception>
    public static int[] EncodeDocumentOnce(this ITokenizer tokenizer, string text)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var ids = tokenizer.EncodeDocument(text);
        return ids.Length > 1 && ids[0] == ids[1] && tokenizer.Encode(text).Length < ids.Length ? ids[1..] : ids;
    }

    /// <summary>
    /// Token ids of a text that is asked in place of a prompt, made of that prompt's text and others': with the leading token where the
    /// prompt has one, which is in front then and nowhere else, though a chat template may have written it into the texts of prompts.
    /// </summary>
    /// <param name="tokenizer">The tokenizer of the prompt.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="DataException">The text has a character the vocabulary cannot express.</exception>
    public static int[] EncodeInPlaceOf(this ITokenizer tokenizer, Prompt prompt, string text)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(prompt);
        var own = tokenizer.Encode(prompt.Text);
        if (!own.AsSpan().SequenceEqual(prompt.TokenIds))
        {
            return tokenizer.EncodeDocumentOnce(text);
        }

        var ids = tokenizer.Encode(text);
        var alone = tokenizer.EncodeDocument(prompt.Text);
        var hasLead = own.Length > 0 && alone.Length > own.Length && alone[0] == own[0] && alone[1] == own[0];
        return hasLead ? [own[0], .. ids.Where(id => id != own[0])] : ids;
    }
}
