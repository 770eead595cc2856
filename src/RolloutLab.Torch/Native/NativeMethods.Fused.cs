using System.Runtime.InteropServices;

namespace RolloutLab.Torch.Native;

/// <summary>Fused operations.</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int rl_fused_rms_norm(TensorHandle x, TensorHandle weight, double eps, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_fused_add_rms_norm(
        TensorHandle x, TensorHandle residual, TensorHandle weight, double eps, out TensorHandle sum, out TensorHandle normed);

    [LibraryImport(Library)]
    internal static partial int rl_fused_split_qkv_rope(
        TensorHandle qkv,
        nint qNorm,
        nint kNorm,
        double eps,
        TensorHandle cos,
        TensorHandle sin,
        int* positions,
        long count,
        long qHeads,
        long kvHeads,
        out TensorHandle q,
        out TensorHandle k,
        out TensorHandle v);

    [LibraryImport(Library)]
    internal static partial int rl_fused_swiglu(TensorHandle gateUp, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_fused_round_bfloat16(TensorHandle x, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_fused_rounded_linear(TensorHandle x, TensorHandle weight, nint bias, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_fused_pack_linear(TensorHandle weight, int rounded, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_fused_packed_linear(TensorHandle x, TensorHandle packed, long outputs, nint bias, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_fused_varlen_attention(
        TensorHandle q, TensorHandle k, TensorHandle v, int* cuSeqLens, int* prefixLens, long sequences, double scale, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_fused_token_log_probs(
        TensorHandle hidden,
        TensorHandle weight,
        int rounded,
        long* targets,
        long count,
        double temperature,
        long vocabulary,
        out TensorHandle logProbs,
        out TensorHandle entropy);

    [LibraryImport(Library)]
    internal static partial int rl_kv_write(
        TensorHandle k, TensorHandle v, int* slotMapping, long count, TensorHandle kCache, TensorHandle vCache);

    [LibraryImport(Library)]
    internal static partial int rl_kv_copy_blocks(TensorHandle kCache, TensorHandle vCache, int* source, int* destination, long count);

    [LibraryImport(Library)]
    internal static partial int rl_paged_attention(
        TensorHandle q,
        TensorHandle kCache,
        TensorHandle vCache,
        int* blockTables,
        long sequences,
        long stride,
        int* sequenceOfToken,
        int* positions,
        long count,
        double scale,
        out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int rl_sample(
        TensorHandle logits, NativeSampleRequest* request, int* tokenIds, float* logProbs, NativeTopTokens* top);

    [LibraryImport(Library)]
    internal static partial int rl_adamw_step(
        nint* parameters,
        nint* expAvg,
        nint* expAvgSq,
        byte* decay,
        long count,
        AdamWOptions* options,
        out double gradNorm,
        out int applied);
}
