using RolloutLab.Engine;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>Attention of a step's tokens over the paged cache, after their own keys and values have been written to it.</summary>
/// <param name="cache">The cache.</param>
/// <param name="step">The step.</param>
/// <param name="scale">Multiplies the scores.</param>
internal readonly ref struct PagedAttention(KvCache cache, ModelStep step, double scale) : IAttention
{
    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
    {
        var (keys, values, tokens) = (cache.Keys[layer], cache.Values[layer], step.TokenCount);
        fused.kv_write(k, v, step.SlotMapping.AsSpan(0, tokens), keys, values);
        return fused.paged_attention(
            q,
            keys,
            values,
            step.BlockTables.AsSpan(0, step.SequenceCount * step.BlockTableStride),
            step.BlockTableStride,
            step.SequenceOfToken.AsSpan(0, tokens),
            step.Positions.AsSpan(0, tokens),
            scale);
    }
}
