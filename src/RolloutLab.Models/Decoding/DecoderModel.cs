using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>Log-probabilities and entropies of the R tokens that enter the loss. The tensors belong to the caller's scope.</summary>
/// <param name="TokenIndices">Index in [0, T) of each token, ascending, <c>[R]</c>; the model's buffer, valid until its next call.</param>
/// <param name="LogProbs">Log-probability of each given the tokens before it, at the given temperature, <c>[R] float32</c>.</param>
/// <param name="Entropy">Entropy in nats of the distribution it was scored in, <c>[R] float32</c>.</param>
public readonly record struct TokenScores(ReadOnlyMemory<int> TokenIndices, Tensor LogProbs, Tensor Entropy);

/// <summary>
/// A decoder on packed sequences: no padding, each sequence causal and apart from the others. Gradients flow to the
/// weights. The weights stay the caller's; calls are for one thread at a time, inside an open scope.
/// </summary>
public sealed class DecoderModel : IDisposable
{
    private readonly LossRows _lossRows = new();

    /// <summary>Prepares a model.</summary>
    /// <param name="weights">The parameters; must outlive the model.</param>
    /// <param name="maxPositions">Most positions of one sequence, at most the configuration's; null for the configuration's.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxPositions"/> is not in 1..the configuration's.</exception>
    public DecoderModel(DecoderWeights weights, int? maxPositions = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var config = weights.Config;
        MaxPositions = maxPositions ?? config.MaxPositions;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPositions, nameof(maxPositions));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxPositions, config.MaxPositions, nameof(maxPositions));
        Weights = weights;
        Rotary = new RotaryTable(MaxPositions, config.HeadDim, config.RopeTheta, weights.Device);
    }

    /// <summary>The parameters.</summary>
    public DecoderWeights Weights { get; }

    /// <summary>Most positions of one sequence.</summary>
    public int MaxPositions { get; }

    /// <summary>The shape of the model.</summary>
    public ModelConfig Config => Weights.Config;

    /// <summary>Factor on attention scores.</summary>
    internal double AttentionScale => 1 / Math.Sqrt(Config.HeadDim);

    /// <summary>Rotary table, <c>[MaxPositions, hd/2]</c>.</summary>
    internal RotaryTable Rotary { get; }

    /// <summary>Hidden states after the final norm.</summary>
    /// <param name="tokenIds">Token ids, <c>[T]</c>.</param>
    /// <param name="positions">Position of each token in its sequence, <c>[T]</c>.</param>
    /// <param name="cuSeqLens">Sequence boundaries, <c>[S + 1]</c>, from 0 to T.</param>
    /// <returns><c>[T, D] float32</c>, a tensor of the caller's scope.</returns>
    /// <exception cref="ArgumentException">The arrays do not fit together.</exception>
    /// <exception cref="TorchException">A token id or position is out of range.</exception>
    public Tensor Hidden(ReadOnlySpan<int> tokenIds, ReadOnlySpan<int> positions, ReadOnlySpan<int> cuSeqLens)
    {
        CheckPacking(tokenIds, positions, cuSeqLens);
        return DecoderForward.Run(Weights, Rotary, tokenIds, positions, new PackedAttention(cuSeqLens, AttentionScale), rows: null);
    }

    /// <summary>
    /// Scores the tokens of a micro-batch whose loss mask is not 0. Hidden states are finished, and logits made, only
    /// for the tokens before them.
    /// </summary>
    /// <param name="batch">T tokens of S sequences.</param>
    /// <param name="temperature">Logits are divided by it; positive.</param>
    /// <exception cref="ArgumentException">
    /// The arrays do not fit together, or no token enters the loss, or the first of a sequence does.
    /// </exception>
    /// <exception cref="TorchException">A token id or position is out of range.</exception>
    public TokenScores Score(MicroBatch batch, double temperature = 1)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!(temperature > 0 && double.IsFinite(temperature)))
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "the temperature must be positive");
        }

        CheckPacking(batch.InputIds, batch.PositionIds, batch.CuSeqLens);
        _lossRows.Fill(batch);
        using var scope = new TensorScope();
        var attention = new PackedAttention(batch.CuSeqLens, AttentionScale);
        var wanted = torch.tensor(_lossRows.Rows, Weights.Device);
        var hidden = DecoderForward.Run(Weights, Rotary, batch.InputIds, batch.PositionIds, attention, wanted);
        var (logProbs, entropy) = fused.token_log_probs(hidden, Weights.Head, _lossRows.Targets, temperature, Config.VocabularySize);
        return new TokenScores(_lossRows.Indices, scope.Keep(logProbs), scope.Keep(entropy));
    }

    /// <summary>Frees the rotary table; the weights stay.</summary>
    public void Dispose() => Rotary.Dispose();

    private static void CheckPacking(ReadOnlySpan<int> tokenIds, ReadOnlySpan<int> positions, ReadOnlySpan<int> cuSeqLens)
    {
        if (tokenIds.IsEmpty || positions.Length != tokenIds.Length)
        {
            throw new ArgumentException($"{positions.Length} positions for {tokenIds.Length} tokens", nameof(positions));
        }

        if (cuSeqLens.Length < 2 || cuSeqLens[0] != 0 || cuSeqLens[^1] != tokenIds.Length)
        {
            throw new ArgumentException($"sequence boundaries must go from 0 to the {tokenIds.Length} tokens", nameof(cuSeqLens));
        }
    }
}
