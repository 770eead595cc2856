using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>The one forward pass of training and decoding: about a dozen calls a layer, whatever the number of tokens.</summary>
internal static class DecoderForward
{
    /// <summary>
    /// Hidden states after the final norm. A residual sum and the norm after it are one operation, so each norm is
    /// computed at the end of the part before it.
    /// </summary>
    /// <param name="weights">The model.</param>
    /// <param name="layers">Its layers, as they are trained or packed for decoding.</param>
    /// <param name="rotary">Its rotary table.</param>
    /// <param name="tokenIds">Token ids, <c>[N]</c>.</param>
    /// <param name="positions">Position of each token in its sequence, <c>[N]</c>.</param>
    /// <param name="attention">How tokens see each other.</param>
    /// <param name="rows">
    /// Tokens wanted, <c>[R] int32</c>; null for all. After the last attention only these are computed.
    /// </param>
    /// <returns><c>[N, D]</c>, or <c>[R, D]</c> with <paramref name="rows"/>; a tensor of the current scope.</returns>
    public static Tensor Run<TAttention>(
        DecoderWeights weights,
        IReadOnlyList<LayerWeights> layers,
        RotaryTable rotary,
        ReadOnlySpan<int> tokenIds,
        ReadOnlySpan<int> positions,
        TAttention attention,
        Tensor? rows)
        where TAttention : IAttention, allows ref struct
    {
        using var scope = new TensorScope();
        var (config, epsilon) = (weights.Config, weights.Config.NormEpsilon);
        var residual = torch.embedding(weights.Embedding, torch.tensor(tokenIds, weights.Device));
        var normed = fused.rms_norm(residual, layers[0].InputNorm, epsilon);
        for (var i = 0; i < layers.Count; i++)
        {
            // What a layer leaves behind dies with its scope; autograd holds on to what the backward pass needs.
            using var layerScope = new TensorScope();
            var layer = layers[i];
            var attended = Attend(config, layer, rotary, normed, positions, attention, i);
            var input = residual;
            if (rows is not null && i == layers.Count - 1)
            {
                (attended, input) = (attended.index_select(0, rows), residual.index_select(0, rows));
            }

            var projected = layer.Output.Apply(attended);
            var (middle, middleNormed) = fused.add_rms_norm(projected, input, layer.PostAttentionNorm, epsilon);
            var activated = fused.swiglu(layer.GateUp.Apply(middleNormed));
            var nextNorm = i + 1 < layers.Count ? layers[i + 1].InputNorm : weights.FinalNorm;
            var (sum, sumNormed) = fused.add_rms_norm(layer.Down.Apply(activated), middle, nextNorm, epsilon);
            residual.Dispose();
            normed.Dispose();
            (residual, normed) = (layerScope.Keep(sum), layerScope.Keep(sumNormed));
        }

        return scope.Keep(normed);
    }

    private static Tensor Attend<TAttention>(
        ModelConfig config,
        LayerWeights layer,
        RotaryTable rotary,
        Tensor normed,
        ReadOnlySpan<int> positions,
        TAttention attention,
        int index)
        where TAttention : IAttention, allows ref struct
    {
        using var qkv = layer.Qkv.Apply(normed);
        var (q, k, v) = fused.split_qkv_rope(
            qkv, layer.QueryNorm, layer.KeyNorm, config.NormEpsilon, rotary.Cos, rotary.Sin, positions, config.Heads, config.KeyValueHeads);
        return attention.Attend(index, q, k, v);
    }
}
