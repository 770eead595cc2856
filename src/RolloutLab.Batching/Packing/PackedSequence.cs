namespace RolloutLab.Batching;

/// <summary>One sequence on its way into a micro-batch: prompt, response, and what the loss needs of the response.</summary>
/// <param name="PromptIds">Prompt tokens; not in the loss; at least one.</param>
/// <param name="ResponseIds">Response tokens, all in the loss; at least one.</param>
/// <param name="OldLogProbs">Behaviour log-probabilities of the response, or empty for zeros.</param>
/// <param name="Advantage">Advantage of every response token.</param>
/// <param name="TokenWeight">Loss weight of every response token.</param>
public readonly record struct PackedSequence(
    int[] PromptIds, int[] ResponseIds, float[] OldLogProbs, float Advantage, float TokenWeight)
{
    /// <summary>Tokens the sequence takes in a micro-batch.</summary>
    public int TokenCount => PromptIds.Length + ResponseIds.Length;
}
