using RolloutLab.Core;

namespace RolloutLab.Training;

/// <summary>The loss tokens of a micro-batch, gathered flat, <c>[M]</c>.</summary>
/// <param name="OldLogProbs">Behaviour log-probabilities.</param>
/// <param name="Advantages">Advantages.</param>
/// <param name="Weights">Loss weights.</param>
internal readonly record struct LossTokens(float[] OldLogProbs, float[] Advantages, float[] Weights)
{
    public int Count => Weights.Length;

    public static LossTokens Of(MicroBatch batch)
    {
        var count = 0;
        foreach (var mask in batch.LossMask)
        {
            count += mask != 0 ? 1 : 0;
        }

        var tokens = new LossTokens(new float[count], new float[count], new float[count]);
        for (int t = 0, m = 0; m < count; t++)
        {
            if (batch.LossMask[t] != 0)
            {
                tokens.OldLogProbs[m] = batch.OldLogProbs[t];
                tokens.Advantages[m] = batch.Advantages[t];
                tokens.Weights[m] = batch.LossWeights[t];
                m++;
            }
        }

        return tokens;
    }
}
