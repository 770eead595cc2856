using RolloutLab.Core;

namespace RolloutLab.Training;

/// <summary>The loss tokens of a micro-batch, gathered flat, <c>[M]</c>.</summary>
/// <param name="OldLogProbs">Behaviour log-probabilities.</param>
/// <param name="Advantages">Advantages.</param>
/// <param name="Weights">Loss weights.</param>
internal readonly record struct LossTokens(float[] OldLogProbs, float[] Advantages, float[] Weights)
{
    public int Count => Weights.Length;

    /// <param name="batch">The micro-batch.</param>
    /// <param name="indices">Its loss tokens, in the order of their log-probs.</param>
    public static LossTokens Of(MicroBatch batch, int[] indices) => new(
        Array.ConvertAll(indices, t => batch.OldLogProbs[t]),
        Array.ConvertAll(indices, t => batch.Advantages[t]),
        Array.ConvertAll(indices, t => batch.LossWeights[t]));
}
