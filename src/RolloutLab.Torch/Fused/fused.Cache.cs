using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <content>
/// The paged KV cache, without gradients. Keys are <c>[B, Hk, d, bs]</c> (transposed inside a block), values
/// <c>[B, Hk, bs, d]</c>, for B blocks of bs tokens; slot = block · bs + offset.
/// </content>
public static partial class fused
{
    /// <summary>Writes the keys and values of N tokens to their slots.</summary>
    /// <param name="k"><c>[N, Hk, d]</c>.</param>
    /// <param name="v"><c>[N, Hk, d]</c>.</param>
    /// <param name="slot_mapping"><c>[N]</c>, distinct; a negative slot skips its token.</param>
    /// <param name="k_cache"><c>[B, Hk, d, bs]</c>, written.</param>
    /// <param name="v_cache"><c>[B, Hk, bs, d]</c>, written.</param>
    /// <exception cref="TorchException">A slot is outside the cache; nothing was written.</exception>
    public static unsafe void kv_write(Tensor k, Tensor v, ReadOnlySpan<int> slot_mapping, Tensor k_cache, Tensor v_cache)
    {
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(v);
        ArgumentNullException.ThrowIfNull(k_cache);
        ArgumentNullException.ThrowIfNull(v_cache);
        fixed (int* slots = slot_mapping)
        {
            NativeCall.Check(NativeMethods.rl_kv_write(k.Handle, v.Handle, slots, slot_mapping.Length, k_cache.Handle, v_cache.Handle));
        }
    }

    /// <summary>Copies whole blocks, in the given order; what copy-on-write needs after a fork.</summary>
    /// <param name="k_cache"><c>[B, Hk, d, bs]</c>, written.</param>
    /// <param name="v_cache"><c>[B, Hk, bs, d]</c>, written.</param>
    /// <param name="source">Blocks to read.</param>
    /// <param name="destination">Blocks to write, as many.</param>
    /// <exception cref="ArgumentException">The lists differ in length.</exception>
    /// <exception cref="TorchException">A block is outside the cache; nothing was copied.</exception>
    public static unsafe void kv_copy_blocks(
        Tensor k_cache, Tensor v_cache, ReadOnlySpan<int> source, ReadOnlySpan<int> destination)
    {
        ArgumentNullException.ThrowIfNull(k_cache);
        ArgumentNullException.ThrowIfNull(v_cache);
        RequireLength(destination.Length, source.Length, nameof(destination));
        fixed (int* from = source)
        fixed (int* to = destination)
        {
            NativeCall.Check(NativeMethods.rl_kv_copy_blocks(k_cache.Handle, v_cache.Handle, from, to, source.Length));
        }
    }

    /// <summary>
    /// Attention of single tokens over the cache: token i attends to positions 0 to <paramref name="positions"/>[i] of
    /// its sequence, which must have been written. A token's result depends on its own data alone, bit for bit.
    /// </summary>
    /// <param name="q"><c>[N, Hq, d]</c>.</param>
    /// <param name="k_cache"><c>[B, Hk, d, bs]</c>.</param>
    /// <param name="v_cache"><c>[B, Hk, bs, d]</c>.</param>
    /// <param name="block_tables"><c>[S · stride]</c>: the blocks of each sequence, row by row.</param>
    /// <param name="stride">Entries in a row, ≥ 1.</param>
    /// <param name="sequence_of_token"><c>[N]</c> in [0, S).</param>
    /// <param name="positions"><c>[N]</c>.</param>
    /// <param name="scale">Factor of q·k, usually 1/√d.</param>
    /// <returns><c>[N, Hq d]</c>.</returns>
    /// <exception cref="ArgumentException">Lengths do not fit each other.</exception>
    public static unsafe Tensor paged_attention(
        Tensor q,
        Tensor k_cache,
        Tensor v_cache,
        ReadOnlySpan<int> block_tables,
        int stride,
        ReadOnlySpan<int> sequence_of_token,
        ReadOnlySpan<int> positions,
        double scale)
    {
        ArgumentNullException.ThrowIfNull(q);
        ArgumentNullException.ThrowIfNull(k_cache);
        ArgumentNullException.ThrowIfNull(v_cache);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        RequireLength(positions.Length, sequence_of_token.Length, nameof(positions));
        var sequences = block_tables.Length / stride;
        RequireLength(block_tables.Length, sequences * stride, nameof(block_tables));
        fixed (int* tables = block_tables)
        fixed (int* owners = sequence_of_token)
        fixed (int* places = positions)
        {
            return NativeCall.Wrap(
                NativeMethods.rl_paged_attention(
                    q.Handle,
                    k_cache.Handle,
                    v_cache.Handle,
                    tables,
                    sequences,
                    stride,
                    owners,
                    places,
                    positions.Length,
                    scale,
                    out var result),
                result);
        }
    }

    private static void RequireLength(int actual, int expected, string argument)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"{actual} entries were given where {expected} are needed", argument);
        }
    }
}
