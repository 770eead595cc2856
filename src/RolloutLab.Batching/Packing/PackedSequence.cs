namespace RolloutLab.Batching;

/// <summary>One sequence on its way into a micro-batch: prompt, response, and what the loss needs of the response.</summary>
/// <param name="PromptIds">Prompt tokens; not in the loss; at least one.</param>
/// <param name="ResponseIds">Response tokens; at least one.</param>
/// <param name="OldLogProbs">Behaviour log-probabilities of the response, or empty for zeros.</param>
/// <param name="Credit">Credit of every response token, where <see cref="TokenCredits"/> does not say otherwise.</param>
public readonly record struct PackedSequence(int[] PromptIds, int[] ResponseIds, float[] OldLogProbs, TokenCredit Credit)
{
    /// <summary>Credit of each response token; null when it is <see cref="Credit"/> for all.</summary>
    public TokenCredit[]? TokenCredits { get; init; }

    /// <summary>Tokens of prompt and response that are those of the sequence before it, which is then packed first.</summary>
    public int SharedPrefix { get; init; }

    /// <summary>Tokens of prompt and response.</summary>
    public int TokenCount => PromptIds.Length + ResponseIds.Length;

    /// <summary>Response tokens that have a term in the loss.</summary>
    public int TrainedCount => TokenCredits is { } credits
        ? credits.Count(c => c.Weight != 0)
        : Credit.Weight == 0 ? 0 : ResponseIds.Length;

    /// <summary>Credit of response token <paramref name="index"/>.</summary>
    public TokenCredit CreditOf(int index) => TokenCredits is { } credits ? credits[index] : Credit;
}
