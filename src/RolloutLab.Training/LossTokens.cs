using RolloutLab.Core;

namespace RolloutLab.Training;

/// <summary>
/// The loss terms of one or more micro-batches as a <see cref="PolicyObjective"/> wants them: flat, widened to float64, in
/// the order of their log-probs. The buffers are reused, so an update allocates nothing that grows with its tokens.
/// </summary>
internal sealed class LossTokens
{
    private double[] _logProbs = [];
    private double[] _old = [];
    private double[] _rollout = [];
    private double[] _reference = [];
    private double[] _entropy = [];
    private double[] _advantages = [];
    private double[] _weights = [];
    private double[] _gradient = [];
    private double[] _entropyGradient = [];
    private int[] _cuSeqLens = new int[1];
    private int _sequences;

    /// <summary>Number of terms M.</summary>
    public int Count { get; private set; }

    /// <summary>Log-probabilities under the policy.</summary>
    public ReadOnlySpan<double> LogProbs => _logProbs.AsSpan(0, Count);

    /// <summary>Log-probabilities under the engine.</summary>
    public ReadOnlySpan<double> RolloutLogProbs => _rollout.AsSpan(0, Count);

    /// <summary>Derivative of the loss by each log-probability.</summary>
    public Span<double> Gradient => _gradient.AsSpan(0, Count);

    /// <summary>Derivative of the loss by each entropy.</summary>
    public Span<double> EntropyGradient => _entropyGradient.AsSpan(0, Count);

    public void Clear()
    {
        Count = 0;
        _sequences = 0;
    }

    /// <summary>Appends a micro-batch.</summary>
    /// <param name="batch">L loss terms.</param>
    /// <param name="logProbs">Log-probabilities under the policy, <c>[L]</c>.</param>
    /// <param name="entropy">Entropies, <c>[L]</c>.</param>
    /// <param name="old">Log-probabilities of the old policy, <c>[L]</c>.</param>
    /// <param name="reference">Log-probabilities under the reference, <c>[L]</c>, or empty.</param>
    public void Add(MicroBatch batch, ReadOnlySpan<float> logProbs, ReadOnlySpan<float> entropy, ReadOnlySpan<float> old, ReadOnlySpan<float> reference)
    {
        Reserve(Count + batch.LossCount, _sequences + batch.SequenceCount);
        Widen(logProbs, _logProbs);
        Widen(entropy, _entropy);
        Widen(old, _old);
        Widen(reference, _reference);
        Widen(batch.OldLogProbs, _rollout);
        Widen(batch.Advantages, _advantages);
        Widen(batch.LossWeights, _weights);
        for (var s = 1; s <= batch.SequenceCount; s++)
        {
            _cuSeqLens[_sequences + s] = Count + batch.CuLossLens[s];
        }

        _sequences += batch.SequenceCount;
        Count += batch.LossCount;
    }

    /// <summary>The terms as inputs of a loss.</summary>
    /// <param name="hasReference">Whether there is a reference.</param>
    /// <param name="hasOwnOld">Whether the old log-probabilities are others than the engine's.</param>
    public LossInputs Inputs(bool hasReference, bool hasOwnOld) => new()
    {
        LogProbs = LogProbs,
        OldLogProbs = hasOwnOld ? _old.AsSpan(0, Count) : RolloutLogProbs,
        RolloutLogProbs = RolloutLogProbs,
        RefLogProbs = hasReference ? _reference.AsSpan(0, Count) : default,
        Entropy = _entropy.AsSpan(0, Count),
        Advantages = _advantages.AsSpan(0, Count),
        Weights = _weights.AsSpan(0, Count),
        CuSeqLens = _cuSeqLens.AsSpan(0, _sequences + 1),
    };

    private void Widen(ReadOnlySpan<float> source, double[] target)
    {
        for (var i = 0; i < source.Length; i++)
        {
            target[Count + i] = source[i];
        }
    }

    private void Reserve(int terms, int sequences)
    {
        if (_logProbs.Length < terms)
        {
            var capacity = Math.Max(terms, 2 * _logProbs.Length);
            Array.Resize(ref _logProbs, capacity);
            Array.Resize(ref _old, capacity);
            Array.Resize(ref _rollout, capacity);
            Array.Resize(ref _reference, capacity);
            Array.Resize(ref _entropy, capacity);
            Array.Resize(ref _advantages, capacity);
            Array.Resize(ref _weights, capacity);
            Array.Resize(ref _gradient, capacity);
            Array.Resize(ref _entropyGradient, capacity);
        }

        if (_cuSeqLens.Length <= sequences)
        {
            Array.Resize(ref _cuSeqLens, Math.Max(sequences + 1, 2 * _cuSeqLens.Length));
        }
    }
}
