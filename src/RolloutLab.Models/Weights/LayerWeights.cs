using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// The parameters of one layer, owned by <see cref="DecoderWeights"/>. Widths: D hidden, F intermediate, hd one head, q all
/// query heads, kv all key heads.
/// </summary>
/// <param name="InputNorm">Before the attention, <c>[D]</c>.</param>
/// <param name="Qkv">Query, key and value projections, <c>[q + 2·kv, D]</c>.</param>
/// <param name="QueryNorm">Norm of each query head, <c>[hd]</c>, or null.</param>
/// <param name="KeyNorm">Norm of each key head, <c>[hd]</c>, or null.</param>
/// <param name="Output">Output projection of the attention, <c>[D, q]</c>.</param>
/// <param name="PostAttentionNorm">Before the feed-forward part, <c>[D]</c>.</param>
/// <param name="GateUp">Gate and up projections, <c>[2·F, D]</c>.</param>
/// <param name="Down">Down projection, <c>[D, F]</c>.</param>
internal sealed record LayerWeights(
    Tensor InputNorm,
    Projection Qkv,
    Tensor? QueryNorm,
    Tensor? KeyNorm,
    Projection Output,
    Tensor PostAttentionNorm,
    Projection GateUp,
    Projection Down)
{
    /// <summary>Name of the query, key and value projections inside a layer.</summary>
    public const string QkvName = "self_attn.qkv_proj";

    private const string OutputName = "self_attn.o_proj";
    private const string GateUpName = "mlp.gate_up_proj";
    private const string DownName = "mlp.down_proj";

    /// <summary>The linear maps in the order in which they are applied.</summary>
    public IReadOnlyList<Projection> Projections => [Qkv, Output, GateUp, Down];

    /// <summary>Picks a layer's parameters out of all by their names.</summary>
    public static LayerWeights Of(IReadOnlyDictionary<string, Tensor> parameters, int layer, bool rounded)
    {
        var prefix = $"model.layers.{layer}.";
        Tensor Required(string name) => parameters[prefix + name];
        Tensor? Optional(string name) => parameters.GetValueOrDefault(prefix + name);
        Projection Linear(string name) => new(Required(name + ".weight"), Optional(name + ".bias"), Rounded: rounded);
        return new LayerWeights(
            Required("input_layernorm.weight"),
            Linear(QkvName),
            Optional("self_attn.q_norm.weight"),
            Optional("self_attn.k_norm.weight"),
            Linear(OutputName),
            Required("post_attention_layernorm.weight"),
            Linear(GateUpName),
            Linear(DownName));
    }

    /// <summary>The layer with its projections changed, each told by its name inside the layer.</summary>
    public LayerWeights Adapted(Func<string, Projection, Projection> change) => this with
    {
        Qkv = change(QkvName, Qkv),
        Output = change(OutputName, Output),
        GateUp = change(GateUpName, GateUp),
        Down = change(DownName, Down),
    };
}
