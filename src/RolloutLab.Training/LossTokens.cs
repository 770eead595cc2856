using RolloutLab.Core;

namespace RolloutLab.Training;

/// <summary>
/// What a loss needs of a micro-batch's loss tokens, gathered flat, <c>[M]</c>. The buffers are reused from one
/// micro-batch to the next.
/// </summary>
internal sealed class LossTokens
{
    private float[] _oldLogProbs = [];
    private float[] _advantages = [];
    private float[] _weights = [];

    public int Count { get; private set; }

    /// <summary>Behaviour log-probabilities.</summary>
    public ReadOnlySpan<float> OldLogProbs => _oldLogProbs.AsSpan(0, Count);

    /// <summary>Advantages.</summary>
    public ReadOnlySpan<float> Advantages => _advantages.AsSpan(0, Count);

    /// <summary>Loss weights.</summary>
    public ReadOnlySpan<float> Weights => _weights.AsSpan(0, Count);

    /// <summary>Gathers the tokens of a micro-batch in the order of their log-probs.</summary>
    public void Gather(MicroBatch batch, ReadOnlySpan<int> indices)
    {
        if (_weights.Length < indices.Length)
        {
            var capacity = Math.Max(indices.Length, 2 * _weights.Length);
            (_oldLogProbs, _advantages, _weights) = (new float[capacity], new float[capacity], new float[capacity]);
        }

        Count = indices.Length;
        for (var m = 0; m < indices.Length; m++)
        {
            var t = indices[m];
            _oldLogProbs[m] = batch.OldLogProbs[t];
            _advantages[m] = batch.Advantages[t];
            _weights[m] = batch.LossWeights[t];
        }
    }
}
