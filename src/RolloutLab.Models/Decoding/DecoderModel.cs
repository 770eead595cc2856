using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// A decoder on packed sequences: no padding, each token sees the tokens before it on its path and no others, and a
/// prefix that sequences share is computed once. Gradients flow to the weights. The weights stay the caller's; calls are for one thread at a time, inside an open scope.
/// </summary>
public sealed class DecoderModel : IDisposable
{
    private readonly LossRows _lossRows = new();
    private readonly bool _withAdapter;
    private readonly bool _ownsRotary;

    /// <summary>Prepares a model.</summary>
    /// <param name="weights">The parameters; must outlive the model.</param>
    /// <param name="maxPositions">Most positions of one sequence, at most the configuration's exact ones; null for those.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxPositions"/> is not in 1..the configuration's exact ones.</exception>
    public DecoderModel(DecoderWeights weights, int? maxPositions = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var config = weights.Config;
        MaxPositions = maxPositions ?? config.ExactPositions;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPositions, nameof(maxPositions));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxPositions, config.ExactPositions, nameof(maxPositions));
        Weights = weights;
        (_withAdapter, _ownsRotary) = (true, true);
        Rotary = new RotaryTable(config, MaxPositions, weights.Device);
    }

    private DecoderModel(DecoderModel model, DecoderWeights weights, bool withAdapter) =>
        (Weights, MaxPositions, Rotary, _withAdapter) = (weights, model.MaxPositions, model.Rotary, withAdapter);

    /// <summary>The model under this one's adapter, on the same weights and rotary table: this one must outlive it.</summary>
    public DecoderModel WithoutAdapter() => new(this, Weights, withAdapter: false);

    /// <summary>A model of other weights, which computes with this one's rotary table: this one must outlive it.</summary>
    /// <param name="weights">Parameters of the same configuration on the same device; must outlive the model.</param>
    /// <exception cref="ArgumentException">The configurations or the devices differ.</exception>
    public DecoderModel WithWeights(DecoderWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return weights.Config == Config && weights.Device == Weights.Device
            ? new DecoderModel(this, weights, withAdapter: true)
            : throw new ArgumentException("weights of another configuration or device", nameof(weights));
    }

    /// <summary>The parameters.</summary>
    public DecoderWeights Weights { get; }

    /// <summary>Most positions of one sequence.</summary>
    public int MaxPositions { get; }

    /// <summary>The shape of the model.</summary>
    public ModelConfig Config => Weights.Config;

    /// <summary>
    /// Whether <see cref="Score"/> keeps only the residual stream before each layer for the backward pass, which computes the
    /// layers again: a third more arithmetic, the same bits, a fraction of the activations.
    /// </summary>
    public bool GradientCheckpointing { get; set; }

    /// <summary>The layers from first to last, as they are computed.</summary>
    internal IReadOnlyList<LayerWeights> Layers => _withAdapter ? Weights.Layers : Weights.BaseLayers;

    /// <summary>Factor on attention scores.</summary>
    internal double AttentionScale => 1 / Math.Sqrt(Config.HeadDim);

    /// <summary>Rotary table, <c>[MaxPositions, hd/2]</c>.</summary>
    internal RotaryTable Rotary { get; }

    /// <summary>Hidden states after the final norm.</summary>
    /// <param name="tokenIds">Token ids, <c>[T]</c>.</param>
    /// <param name="positions">Position of each token in its sequence, <c>[T]</c>.</param>
    /// <param name="cuSeqLens">Sequence boundaries, <c>[S + 1]</c>, from 0 to T.</param>
    /// <param name="prefixLengths">Tokens each sequence shares with the path of the one before it, <c>[S]</c>; empty for none.</param>
    /// <returns><c>[T, D] float32</c>, a tensor of the caller's scope.</returns>
    /// <exception cref="ArgumentException">The arrays do not fit together.</exception>
    /// <exception cref="TorchException">A token id or position is out of range.</exception>
    public Tensor Hidden(
        ReadOnlySpan<int> tokenIds, ReadOnlySpan<int> positions, ReadOnlySpan<int> cuSeqLens, ReadOnlySpan<int> prefixLengths = default)
    {
        CheckPacking(tokenIds, positions, cuSeqLens, prefixLengths);
        var attention = new PackedAttention(cuSeqLens, prefixLengths, AttentionScale);
        return DecoderForward.Run(new DecoderPass<PackedAttention>(Weights, Layers, Rotary, positions, attention, rows: null), tokenIds);
    }

    /// <summary>
    /// Scores the tokens of a micro-batch's loss terms. Hidden states are finished, and logits made, only for the tokens
    /// before them, and once for a token that several terms share.
    /// </summary>
    /// <param name="batch">T tokens of S sequences.</param>
    /// <param name="temperature">Logits are divided by it; positive.</param>
    /// <param name="dropout">Where the adapter's dropout draws from, in passes that train; null for no dropout.</param>
    /// <exception cref="ArgumentException">
    /// The arrays do not fit together, or no token enters the loss, or the first of a path does.
    /// </exception>
    /// <exception cref="TorchException">A token id or position is out of range.</exception>
    public TokenScores Score(MicroBatch batch, double temperature = 1, DropoutPlace? dropout = null)
    {
        using var scope = new TensorScope();
        var wanted = RowsBeforeTerms(batch, temperature);
        var checkpoints = GradientCheckpointing && torch.is_grad_enabled() ? LayerCheckpoints.Record(this, batch, wanted, dropout) : null;
        var hidden = checkpoints?.Hidden ?? DecoderForward.Run(Pass(batch, wanted, dropout), batch.InputIds);
        var (logProbs, entropy) = fused.token_log_probs(hidden, checkpoints?.Head ?? Weights.Head, _lossRows.Targets, temperature, Config.VocabularySize, Weights.IsRounded);
        if (!_lossRows.AreDistinct)
        {
            var terms = torch.tensor(_lossRows.Terms, Weights.Device);
            (logProbs, entropy) = (logProbs.index_select(0, terms), entropy.index_select(0, terms));
        }

        checkpoints?.Keep(scope);
        return new TokenScores(scope.Keep(logProbs), scope.Keep(entropy)) { Checkpoints = checkpoints };
    }

    /// <summary>
    /// Log-probabilities of a micro-batch's loss terms, and the sum Σπ² of the squared probabilities of the whole vocabulary at
    /// each: with logits z, Σπ² = exp(2·ℓ − ℓ′), where ℓ and ℓ′ are a token's log-probabilities at the temperature and at half
    /// of it, because both have the same 2z/T in them.
    /// </summary>
    /// <param name="batch">T tokens of S sequences.</param>
    /// <param name="temperature">Logits are divided by it; positive.</param>
    /// <returns>Both <c>[L] float32</c>, tensors of the caller's scope.</returns>
    /// <exception cref="ArgumentException">As <see cref="Score"/>.</exception>
    public (Tensor LogProbs, Tensor SquaredProbs) ScoreSquares(MicroBatch batch, double temperature = 1)
    {
        using var scope = new TensorScope();
        var hidden = DecoderForward.Run(Pass(batch, RowsBeforeTerms(batch, temperature)), batch.InputIds);
        var logProbs = fused.token_log_probs(hidden, Weights.Head, _lossRows.Targets, temperature, Config.VocabularySize, Weights.IsRounded).LogProbs;
        var sharper = fused.token_log_probs(hidden, Weights.Head, _lossRows.Targets, temperature / 2, Config.VocabularySize, Weights.IsRounded).LogProbs;
        var squares = ((logProbs * 2) - sharper).exp();
        if (!_lossRows.AreDistinct)
        {
            var terms = torch.tensor(_lossRows.Terms, Weights.Device);
            (logProbs, squares) = (logProbs.index_select(0, terms), squares.index_select(0, terms));
        }

        return (scope.Keep(logProbs), scope.Keep(squares));
    }

    /// <summary>Frees the rotary table, unless it is another model's; the weights stay.</summary>
    public void Dispose()
    {
        if (_ownsRotary)
        {
            Rotary.Dispose();
        }
    }

    /// <summary>A pass over a micro-batch of which some tokens are wanted, <c>[R] int32</c>.</summary>
    internal DecoderPass<PackedAttention> Pass(MicroBatch batch, Tensor wanted, DropoutPlace? dropout = null)
    {
        var layers = _withAdapter && dropout is { } place && Weights.Adapter is { } adapter ? adapter.Dropped(Layers, place) : Layers;
        return new(Weights, layers, Rotary, batch.PositionIds, new PackedAttention(batch.CuSeqLens, batch.PrefixLengths, AttentionScale), wanted);
    }

    /// <summary>The tokens before the distinct tokens of a micro-batch's loss terms, <c>[R] int32</c>, which are noted.</summary>
    private Tensor RowsBeforeTerms(MicroBatch batch, double temperature)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!(temperature > 0 && double.IsFinite(temperature)))
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "the temperature must be positive");
        }

        CheckPacking(batch.InputIds, batch.PositionIds, batch.CuSeqLens, batch.PrefixLengths);
        _lossRows.Fill(batch);
        return torch.tensor(_lossRows.Rows, Weights.Device);
    }

    private static void CheckPacking(
        ReadOnlySpan<int> tokenIds, ReadOnlySpan<int> positions, ReadOnlySpan<int> cuSeqLens, ReadOnlySpan<int> prefixLengths)
    {
        if (tokenIds.IsEmpty || positions.Length != tokenIds.Length)
        {
            throw new ArgumentException($"{positions.Length} positions for {tokenIds.Length} tokens", nameof(positions));
        }

        if (cuSeqLens.Length < 2 || (!prefixLengths.IsEmpty && prefixLengths.Length != cuSeqLens.Length - 1) || cuSeqLens[0] != 0 || cuSeqLens[^1] != tokenIds.Length)
        {
            throw new ArgumentException($"sequence boundaries must go from 0 to the {tokenIds.Length} tokens, with a prefix for each sequence", nameof(cuSeqLens));
        }

        var path = 0;
        for (var i = 0; i < prefixLengths.Length; i++)
        {
            if (prefixLengths[i] < 0 || prefixLengths[i] > path)
            {
                throw new ArgumentException(
                    $"sequence {i} cannot share {prefixLengths[i]} tokens with the {path} of the one before it", nameof(prefixLengths));
            }

            path = prefixLengths[i] + cuSeqLens[i + 1] - cuSeqLens[i];
        }
    }
}
