using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <summary>
/// Operations of a Llama-style decoder that C++ does in one pass each. Tensors are contiguous Float32 on the CPU; anything
/// else is a <see cref="TorchException"/> naming the argument. These differentiate unless they say otherwise. Results
/// belong to the current scope. N, T are tokens, D features, F hidden units, Hq query heads, Hk key heads, d a head's size.
/// </summary>
public static partial class fused
{
    /// <summary>Root mean square normalisation (Zhang and Sennrich 2019): x / √(mean x² + ε) · weight, row by row.</summary>
    /// <param name="x"><c>[N, D]</c>.</param>
    /// <param name="weight"><c>[D]</c>.</param>
    /// <param name="eps">ε &gt; 0.</param>
    /// <returns><c>[N, D]</c>.</returns>
    public static Tensor rms_norm(Tensor x, Tensor weight, double eps)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        return NativeCall.Wrap(NativeMethods.rl_fused_rms_norm(x.Handle, weight.Handle, eps, out var result), result);
    }

    /// <summary>A residual addition and the normalisation after it.</summary>
    /// <param name="x"><c>[N, D]</c>.</param>
    /// <param name="residual"><c>[N, D]</c>.</param>
    /// <param name="weight"><c>[D]</c>.</param>
    /// <param name="eps">ε &gt; 0.</param>
    /// <returns>x + residual and its <see cref="rms_norm"/>, both <c>[N, D]</c>.</returns>
    public static (Tensor Sum, Tensor Normed) add_rms_norm(Tensor x, Tensor residual, Tensor weight, double eps)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(residual);
        ArgumentNullException.ThrowIfNull(weight);
        NativeCall.Check(
            NativeMethods.rl_fused_add_rms_norm(x.Handle, residual.Handle, weight.Handle, eps, out var sum, out var normed));
        var scope = ScopeFrame.CurrentFor(sum, normed);
        return (new Tensor(sum, scope), new Tensor(normed, scope));
    }

    /// <summary>
    /// Splits a fused projection into queries, keys and values; normalises query and key heads where weights are given;
    /// rotates them (RoPE, Su et al. 2021) in pairs of dimensions i and i + d/2, as Hugging Face checkpoints have it.
    /// </summary>
    /// <param name="qkv"><c>[N, (Hq + 2 Hk) d]</c>: query heads, key heads, value heads.</param>
    /// <param name="q_norm"><c>[d]</c>, or null for no normalisation.</param>
    /// <param name="k_norm"><c>[d]</c>, or null for no normalisation.</param>
    /// <param name="eps">ε of the normalisation.</param>
    /// <param name="cos"><c>[P, d/2]</c> by position; no gradient.</param>
    /// <param name="sin"><c>[P, d/2]</c> by position; no gradient.</param>
    /// <param name="positions"><c>[N]</c> in [0, P).</param>
    /// <param name="q_heads">Hq.</param>
    /// <param name="kv_heads">Hk.</param>
    /// <returns>q <c>[N, Hq, d]</c>, k and v <c>[N, Hk, d]</c>.</returns>
    public static unsafe (Tensor Q, Tensor K, Tensor V) split_qkv_rope(
        Tensor qkv,
        Tensor? q_norm,
        Tensor? k_norm,
        double eps,
        Tensor cos,
        Tensor sin,
        ReadOnlySpan<int> positions,
        int q_heads,
        int kv_heads)
    {
        ArgumentNullException.ThrowIfNull(qkv);
        ArgumentNullException.ThrowIfNull(cos);
        ArgumentNullException.ThrowIfNull(sin);
        using var qNorm = new HandleLease(q_norm);
        using var kNorm = new HandleLease(k_norm);
        fixed (int* places = positions)
        {
            NativeCall.Check(NativeMethods.rl_fused_split_qkv_rope(
                qkv.Handle,
                qNorm.Pointer,
                kNorm.Pointer,
                eps,
                cos.Handle,
                sin.Handle,
                places,
                positions.Length,
                q_heads,
                kv_heads,
                out var q,
                out var k,
                out var v));
            var scope = ScopeFrame.CurrentFor(q, k, v);
            return (new Tensor(q, scope), new Tensor(k, scope), new Tensor(v, scope));
        }
    }

    /// <summary>Gated activation (Shazeer 2020): silu(gate) · up.</summary>
    /// <param name="gate_up"><c>[N, 2F]</c>: the gates, then the ups.</param>
    /// <returns><c>[N, F]</c>.</returns>
    public static Tensor swiglu(Tensor gate_up)
    {
        ArgumentNullException.ThrowIfNull(gate_up);
        return NativeCall.Wrap(NativeMethods.rl_fused_swiglu(gate_up.Handle, out var result), result);
    }

    /// <summary>
    /// A float32 parameter as bfloat16 computing reads it: rounded to the nearest, to even at ties. The gradient passes
    /// unchanged. A bfloat16 tensor is widened.
    /// </summary>
    /// <param name="x">Any shape, float32 or bfloat16.</param>
    /// <returns>A new float32 tensor of the same shape.</returns>
    public static Tensor round_bfloat16(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return NativeCall.Wrap(NativeMethods.rl_fused_round_bfloat16(x.Handle, out var result), result);
    }

    /// <summary>
    /// x Wᵀ + bias with W and the bias as <see cref="round_bfloat16"/> gives them, in float32. Their rounded copy lives during
    /// the call and once more during its gradient's, not between.
    /// </summary>
    /// <param name="x"><c>[M, K]</c>.</param>
    /// <param name="weight"><c>[N, K]</c>: float32, which takes its gradient, or bfloat16.</param>
    /// <param name="bias"><c>[N]</c>, or null.</param>
    /// <returns><c>[M, N]</c>.</returns>
    public static Tensor rounded_linear(Tensor x, Tensor weight, Tensor? bias = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        using var lease = new HandleLease(bias);
        return NativeCall.Wrap(NativeMethods.rl_fused_rounded_linear(x.Handle, weight.Handle, lease.Pointer, out var result), result);
    }

    /// <summary>
    /// A copy of a weight in the order in which <see cref="packed_linear"/> reads it; to be made again when the weight has changed.
    /// </summary>
    /// <param name="weight"><c>[N, K]</c>.</param>
    /// <param name="rounded">Whether the copy is bfloat16, half as large.</param>
    /// <returns>Panels of outputs, <c>[P, K, W]</c>, zeros past N: as large as the weight but for the last panel.</returns>
    public static Tensor pack_linear(Tensor weight, bool rounded = false)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return NativeCall.Wrap(NativeMethods.rl_fused_pack_linear(weight.Handle, rounded ? 1 : 0, out var result), result);
    }

    /// <summary>
    /// x Wᵀ + bias without a gradient. The weight is not rearranged at each call, which is most of the work when M is
    /// small, and a row does not depend on the rows computed beside it.
    /// </summary>
    /// <param name="x"><c>[M, K]</c>.</param>
    /// <param name="packed">W, <c>[N, K]</c>, from <see cref="pack_linear"/>.</param>
    /// <param name="outputs">N.</param>
    /// <param name="bias"><c>[N]</c>, or null.</param>
    /// <returns><c>[M, N]</c>.</returns>
    public static Tensor packed_linear(Tensor x, Tensor packed, long outputs, Tensor? bias = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(packed);
        using var lease = new HandleLease(bias);
        return NativeCall.Wrap(NativeMethods.rl_fused_packed_linear(x.Handle, packed.Handle, outputs, lease.Pointer, out var result), result);
    }

    /// <summary>
    /// Causal attention within each of S sequences laid end to end; grouped-query when Hk &lt; Hq. A sequence may go on
    /// from a prefix of the one before it, so the tokens that a tree of sequences shares are computed once.
    /// </summary>
    /// <param name="q"><c>[T, Hq, d]</c>.</param>
    /// <param name="k"><c>[T, Hk, d]</c>; Hk divides Hq.</param>
    /// <param name="v"><c>[T, Hk, d]</c>.</param>
    /// <param name="cu_seqlens"><c>[S+1]</c>: boundaries from 0 to T, not falling.</param>
    /// <param name="prefix_lens">
    /// <c>[S]</c>: sequence i continues this many tokens of the path of sequence i−1 (its prefix and its own tokens); or
    /// empty for zeros.
    /// </param>
    /// <param name="scale">Factor of q·k, usually 1/√d.</param>
    /// <returns><c>[T, Hq d]</c>.</returns>
    /// <exception cref="ArgumentException">There are no boundaries, or prefixes of another number.</exception>
    public static unsafe Tensor varlen_attention(
        Tensor q, Tensor k, Tensor v, ReadOnlySpan<int> cu_seqlens, ReadOnlySpan<int> prefix_lens, double scale)
    {
        ArgumentNullException.ThrowIfNull(q);
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(v);
        if (cu_seqlens.IsEmpty)
        {
            throw new ArgumentException("sequence boundaries hold at least one entry, 0", nameof(cu_seqlens));
        }

        if (!prefix_lens.IsEmpty && prefix_lens.Length != cu_seqlens.Length - 1)
        {
            throw new ArgumentException($"{prefix_lens.Length} prefixes for {cu_seqlens.Length - 1} sequences", nameof(prefix_lens));
        }

        fixed (int* boundaries = cu_seqlens, prefixes = prefix_lens)
        {
            return NativeCall.Wrap(
                NativeMethods.rl_fused_varlen_attention(
                    q.Handle, k.Handle, v.Handle, boundaries, prefixes, cu_seqlens.Length - 1, scale, out var result),
                result);
        }
    }

    /// <summary>
    /// Log-probabilities of given tokens, and entropies, under softmax(hidden Wᵀ / temperature), without ever holding
    /// all the logits: they exist for one bounded chunk of rows at a time, forward and backward. Gradients flow through
    /// both results.
    /// </summary>
    /// <param name="hidden"><c>[R, D]</c>.</param>
    /// <param name="weight"><c>[V, D]</c>, the head.</param>
    /// <param name="targets"><c>[R]</c> in [0, vocabulary).</param>
    /// <param name="temperature">&gt; 0.</param>
    /// <param name="vocabulary">Ids from this one on are padding and take no part; at most V.</param>
    /// <param name="rounded">Whether the weight counts as bfloat16, see <see cref="round_bfloat16"/>; it may then be one.</param>
    /// <returns>Log-probabilities and entropies in nats, both <c>[R]</c>.</returns>
    public static unsafe (Tensor LogProbs, Tensor Entropy) token_log_probs(
        Tensor hidden, Tensor weight, ReadOnlySpan<long> targets, double temperature, long vocabulary, bool rounded = false)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        ArgumentNullException.ThrowIfNull(weight);
        fixed (long* ids = targets)
        {
            NativeCall.Check(NativeMethods.rl_fused_token_log_probs(
                hidden.Handle, weight.Handle, rounded ? 1 : 0, ids, targets.Length, temperature, vocabulary, out var logProbs, out var entropy));
            var scope = ScopeFrame.CurrentFor(logProbs, entropy);
            return (new Tensor(logProbs, scope), new Tensor(entropy, scope));
        }
    }
}
