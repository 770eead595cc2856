using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>The parts of one forward pass. A residual sum and the norm after it are one operation, so each norm is computed at the end of the part before it.</summary>
/// <param name="weights">The model.</param>
/// <param name="layers">Its layers, as they are trained or packed for decoding.</param>
/// <param name="rotary">Its rotary table.</param>
/// <param name="positions">Position of each token in its sequence, <c>[N]</c>.</param>
/// <param name="attention">How tokens see each other.</param>
/// <param name="rows">Tokens wanted, <c>[R] int32</c>; null for all. After the last attention only these are computed.</param>
internal readonly ref struct DecoderPass<TAttention>(
    DecoderWeights weights, IReadOnlyList<LayerWeights> layers, RotaryTable rotary, ReadOnlySpan<int> positions, TAttention attention, Tensor? rows)
    where TAttention : IAttention, allows ref struct
{
    private readonly ReadOnlySpan<int> _positions = positions;
    private readonly TAttention _attention = attention;

    /// <summary>Number of layers.</summary>
    public int LayerCount => layers.Count;

    private ModelConfig Config => weights.Config;

    /// <summary>The residual stream before the first layer.</summary>
    /// <param name="tokenIds">Token ids, <c>[N]</c>.</param>
    /// <returns><c>[N, D]</c>, a tensor of the current scope.</returns>
    public Tensor Embed(ReadOnlySpan<int> tokenIds) => weights.Values(torch.embedding(weights.Embedding, torch.tensor(tokenIds, weights.Device)));

    /// <summary>The residual stream as a layer's attention reads it.</summary>
    /// <returns><c>[N, D]</c>, a tensor of the current scope; the bits that the layer before gave.</returns>
    public Tensor NormBefore(int index, Tensor residual) => fused.rms_norm(residual, weights.Values(layers[index].InputNorm), Config.NormEpsilon);

    /// <summary>One layer.</summary>
    /// <param name="index">The layer, from 0.</param>
    /// <param name="residual">The residual stream, <c>[N, D]</c>.</param>
    /// <param name="normed">The same after the layer's first norm.</param>
    /// <returns>The residual stream after it, and after the next norm: <c>[N, D]</c>, or <c>[R, D]</c> after the last; tensors of the current scope.</returns>
    public (Tensor Sum, Tensor Normed) Layer(int index, Tensor residual, Tensor normed)
    {
        // What a layer leaves behind dies at once; autograd holds on to what the backward pass needs.
        using var scope = new TensorScope();
        var layer = layers[index];
        var isLast = index == layers.Count - 1;
        var (middle, middleNormed) = Attended(index, residual, normed, isLast ? rows : null);
        var projected = FeedForward(layer, middleNormed);
        var nextNorm = weights.Values(isLast ? weights.FinalNorm : layers[index + 1].InputNorm);
        var (sum, sumNormed) = fused.add_rms_norm(projected, middle, nextNorm, Config.NormEpsilon);
        return (scope.Keep(sum), scope.Keep(sumNormed));
    }

    /// <summary>The residual stream after attention, and after the norm that follows; of the rows alone where they are given.</summary>
    private (Tensor Sum, Tensor Normed) Attended(int index, Tensor residual, Tensor normed, Tensor? wanted)
    {
        using var scope = new TensorScope();
        var layer = layers[index];
        var attended = Attend(index, normed);
        var input = residual;
        if (wanted is not null)
        {
            (attended, input) = (attended.index_select(0, wanted), residual.index_select(0, wanted));
        }

        var (sum, sumNormed) = fused.add_rms_norm(layer.Output.Apply(attended), input, weights.Values(layer.PostAttentionNorm), Config.NormEpsilon);
        return (scope.Keep(sum), scope.Keep(sumNormed));
    }

    private static Tensor FeedForward(LayerWeights layer, Tensor normed)
    {
        using var activated = Activated(layer, normed);
        return layer.Down.Apply(activated);
    }

    /// <summary>Disposes what it is given: the next products need the memory.</summary>
    private static Tensor Activated(LayerWeights layer, Tensor normed)
    {
        using var gateUp = layer.GateUp.Apply(normed);
        normed.Dispose();
        return fused.swiglu(gateUp);
    }

    private Tensor Attend(int index, Tensor normed)
    {
        var layer = layers[index];
        var qkv = layer.Qkv.Apply(normed);
        var queryNorm = layer.QueryNorm is null ? null : weights.Values(layer.QueryNorm);
        var keyNorm = layer.KeyNorm is null ? null : weights.Values(layer.KeyNorm);
        var (q, k, v) = fused.split_qkv_rope(
            qkv, queryNorm, keyNorm, Config.NormEpsilon, rotary.Cos, rotary.Sin, _positions, Config.Heads, Config.KeyValueHeads);
        qkv.Dispose();
        using (q)
        using (k)
        using (v)
        {
            return _attention.Attend(index, q, k, v);
        }
    }
}
