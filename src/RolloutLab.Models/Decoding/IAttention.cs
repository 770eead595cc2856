using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>How a layer's queries meet keys and values: packed sequences in training, the paged cache in decoding.</summary>
internal interface IAttention
{
    /// <summary>Attention of one layer.</summary>
    /// <param name="layer">The layer, from 0.</param>
    /// <param name="q">Rotated queries, <c>[N, Hq, hd]</c>.</param>
    /// <param name="k">Rotated keys, <c>[N, Hk, hd]</c>.</param>
    /// <param name="v">Values, <c>[N, Hk, hd]</c>.</param>
    /// <returns><c>[N, Hq·hd]</c>, a tensor of the current scope.</returns>
    Tensor Attend(int layer, Tensor q, Tensor k, Tensor v);
}

/// <summary>Causal attention along the paths of the sequences that lie end to end.</summary>
/// <param name="cuSeqLens">Sequence boundaries, <c>[S + 1]</c>.</param>
/// <param name="prefixLengths">Tokens each continues of the path before it, <c>[S]</c>.</param>
/// <param name="scale">Multiplies the scores.</param>
internal readonly ref struct PackedAttention(ReadOnlySpan<int> cuSeqLens, ReadOnlySpan<int> prefixLengths, double scale) : IAttention
{
    private readonly ReadOnlySpan<int> _cuSeqLens = cuSeqLens;
    private readonly ReadOnlySpan<int> _prefixLengths = prefixLengths;

    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v) =>
        fused.varlen_attention(q, k, v, _cuSeqLens, _prefixLengths, scale);
}
