using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// The parameters of one layer, owned by <see cref="DecoderWeights"/>. Widths: D hidden, F intermediate, hd one head, q all
/// query heads, kv all key heads.
/// </summary>
/// <param name="InputNorm">Before the attention, <c>[D]</c>.</param>
/// <param name="Qkv">Query, key and value projections, <c>[q + 2·kv, D]</c>.</param>
/// <param name="QkvBias">Their bias, <c>[q + 2·kv]</c>, or null.</param>
/// <param name="QueryNorm">Norm of each query head, <c>[hd]</c>, or null.</param>
/// <param name="KeyNorm">Norm of each key head, <c>[hd]</c>, or null.</param>
/// <param name="Output">Output projection of the attention, <c>[D, q]</c>.</param>
/// <param name="OutputBias">Its bias, <c>[D]</c>, or null.</param>
/// <param name="PostAttentionNorm">Before the feed-forward part, <c>[D]</c>.</param>
/// <param name="GateUp">Gate and up projections, <c>[2·F, D]</c>.</param>
/// <param name="Down">Down projection, <c>[D, F]</c>.</param>
internal sealed record LayerWeights(
    Tensor InputNorm,
    Tensor Qkv,
    Tensor? QkvBias,
    Tensor? QueryNorm,
    Tensor? KeyNorm,
    Tensor Output,
    Tensor? OutputBias,
    Tensor PostAttentionNorm,
    Tensor GateUp,
    Tensor Down)
{
    /// <summary>Picks a layer's parameters out of all by their names.</summary>
    public static LayerWeights Of(IReadOnlyDictionary<string, Tensor> parameters, int layer)
    {
        var prefix = $"model.layers.{layer}.";
        Tensor Required(string name) => parameters[prefix + name];
        Tensor? Optional(string name) => parameters.GetValueOrDefault(prefix + name);
        return new LayerWeights(
            Required("input_layernorm.weight"),
            Required("self_attn.qkv_proj.weight"),
            Optional("self_attn.qkv_proj.bias"),
            Optional("self_attn.q_norm.weight"),
            Optional("self_attn.k_norm.weight"),
            Required("self_attn.o_proj.weight"),
            Optional("self_attn.o_proj.bias"),
            Required("post_attention_layernorm.weight"),
            Required("mlp.gate_up_proj.weight"),
            Required("mlp.down_proj.weight"));
    }
}
