namespace RolloutLab.Models;

/// <summary>How a parameter starts when a model is made from scratch.</summary>
public enum ParameterInit
{
    /// <summary>All zeros: biases.</summary>
    Zeros,

    /// <summary>All ones: norms.</summary>
    Ones,

    /// <summary>Normal with standard deviation 0.02: embeddings and inner projections.</summary>
    Normal,

    /// <summary>Normal with standard deviation 0.02 / √(2·layers): projections that add to the residual stream.</summary>
    ResidualNormal,
}

/// <summary>A parameter as it is on disk: a range of rows of one in memory.</summary>
/// <param name="Name">Hugging Face's name.</param>
/// <param name="Rows">Rows (first dimension) it takes.</param>
public sealed record ParameterPart(string Name, int Rows);

/// <summary>A parameter as it is in memory, and the parts it is stored as.</summary>
/// <param name="Name">Name in memory.</param>
/// <param name="Parts">Parts on disk in the order of their rows: three of <c>qkv_proj</c>, two of <c>gate_up_proj</c>, else one.</param>
/// <param name="Columns">Second dimension of a matrix; 0 for a vector.</param>
/// <param name="Init">Its initial value.</param>
public sealed record ParameterSpec(string Name, IReadOnlyList<ParameterPart> Parts, int Columns, ParameterInit Init)
{
    /// <summary>Rows of all parts together.</summary>
    public int Rows => Parts.Sum(part => part.Rows);

    /// <summary>Whether it is a matrix; only matrices decay.</summary>
    public bool IsMatrix => Columns > 0;

    /// <summary>Shape in memory.</summary>
    public long[] Shape => ShapeOf(Rows);

    /// <summary>Number of elements in memory.</summary>
    public long ElementCount => ElementsOf(Rows);

    /// <summary>Shape of some of its rows.</summary>
    public long[] ShapeOf(int rows) => IsMatrix ? [rows, Columns] : [rows];

    /// <summary>Number of elements in some of its rows.</summary>
    public long ElementsOf(int rows) => (long)rows * Math.Max(Columns, 1);
}

/// <summary>The parameters of a model, from its configuration alone.</summary>
public static class ParameterLayout
{
    /// <summary>
    /// The parameters in their one fixed order: embedding, layers from first to last, final norm, and the head unless it
    /// is tied.
    /// </summary>
    public static IReadOnlyList<ParameterSpec> Of(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var layout = new List<ParameterSpec> { Matrix("model.embed_tokens.weight", config.VocabularySize, config.HiddenSize) };
        for (var layer = 0; layer < config.Layers; layer++)
        {
            layout.AddRange(LayerOf(config, $"model.layers.{layer}."));
        }

        layout.Add(Norm("model.norm.weight", config.HiddenSize));
        if (!config.TieWordEmbeddings)
        {
            layout.Add(Matrix("lm_head.weight", config.VocabularySize, config.HiddenSize));
        }

        return layout;
    }

    private static IEnumerable<ParameterSpec> LayerOf(ModelConfig config, string layer)
    {
        var attention = layer + "self_attn.";
        yield return Norm(layer + "input_layernorm.weight", config.HiddenSize);
        yield return new(attention + "qkv_proj.weight", Qkv(config, attention, "weight"), config.HiddenSize, ParameterInit.Normal);
        if (config.HasQkvBias)
        {
            yield return new(attention + "qkv_proj.bias", Qkv(config, attention, "bias"), 0, ParameterInit.Zeros);
        }

        if (config.HasQkNorm)
        {
            yield return Norm(attention + "q_norm.weight", config.HeadDim);
            yield return Norm(attention + "k_norm.weight", config.HeadDim);
        }

        yield return Matrix(attention + "o_proj.weight", config.HiddenSize, config.QueryWidth, ParameterInit.ResidualNormal);
        if (config.HasOutputBias)
        {
            yield return new(attention + "o_proj.bias", [new(attention + "o_proj.bias", config.HiddenSize)], 0, ParameterInit.Zeros);
        }

        yield return Norm(layer + "post_attention_layernorm.weight", config.HiddenSize);
        yield return new(
            layer + "mlp.gate_up_proj.weight",
            [new(layer + "mlp.gate_proj.weight", config.IntermediateSize), new(layer + "mlp.up_proj.weight", config.IntermediateSize)],
            config.HiddenSize,
            ParameterInit.Normal);
        yield return Matrix(layer + "mlp.down_proj.weight", config.HiddenSize, config.IntermediateSize, ParameterInit.ResidualNormal);
    }

    private static ParameterPart[] Qkv(ModelConfig config, string attention, string kind) =>
    [
        new($"{attention}q_proj.{kind}", config.QueryWidth),
        new($"{attention}k_proj.{kind}", config.KeyValueWidth),
        new($"{attention}v_proj.{kind}", config.KeyValueWidth),
    ];

    private static ParameterSpec Matrix(string name, int rows, int columns, ParameterInit init = ParameterInit.Normal) =>
        new(name, [new(name, rows)], columns, init);

    private static ParameterSpec Norm(string name, int size) => new(name, [new(name, size)], 0, ParameterInit.Ones);
}
