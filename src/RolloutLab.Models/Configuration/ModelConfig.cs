namespace RolloutLab.Models;

/// <summary>
/// The shape of a decoder-only transformer of the Llama family: RMSNorm, rotary positions, grouped-query attention,
/// SwiGLU. Every value can be expressed in a Hugging Face <c>config.json</c> (<see cref="ModelConfigFile"/>) and means the
/// same there.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>Largest value of any size: products of two sizes and a layer count stay far inside 64 bits.</summary>
    public const int MaxSize = 1 << 24;

    /// <summary>Most layers.</summary>
    public const int MaxLayers = 1024;

    /// <summary>The architecture.</summary>
    public ModelFamily Family { get; init; } = ModelFamily.Llama;

    /// <summary>Number of token ids V.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream D.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Number of layers L.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads of a layer.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads of a layer; divides <see cref="Heads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of one head; even. Usually <c>HiddenSize / Heads</c>, but free.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Width of the SwiGLU layer F.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Most positions of one sequence.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Base of the rotary frequencies; positive.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>How the rotary frequencies are stretched; null for not at all.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>
    /// Most tokens a layer with a sliding window looks back on, itself included; null where every layer sees the whole
    /// sequence. Windows are not implemented, and need not be for sequences that fit into one.
    /// </summary>
    public int? SlidingWindow { get; init; }

    /// <summary>Positions for which the computation is exact: all, or as many as the smallest sliding window holds.</summary>
    public int ExactPositions => Math.Min(MaxPositions, SlidingWindow ?? MaxPositions);

    /// <summary>Added to the mean square inside every RMSNorm; positive.</summary>
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>Whether the output head is the embedding matrix itself.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Whether the attention projections have biases; true for Qwen2, free for Llama and Qwen3, false for Mistral.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>Whether the query, key and value projections have biases.</summary>
    public bool HasQkvBias => AttentionBias;

    /// <summary>Whether the output projection of the attention has a bias.</summary>
    public bool HasOutputBias => AttentionBias && Family != ModelFamily.Qwen2;

    /// <summary>Whether each query and key head is RMS-normalised before the rotation.</summary>
    public bool HasQkNorm => Family == ModelFamily.Qwen3;

    /// <summary>Width of all query heads together.</summary>
    public int QueryWidth => Heads * HeadDim;

    /// <summary>Width of all key (or value) heads together.</summary>
    public int KeyValueWidth => KeyValueHeads * HeadDim;

    /// <summary>
    /// The plainest architecture with these options: Qwen3 for query/key normalisation, Qwen2 for biases alone, else Llama.
    /// </summary>
    /// <param name="attentionBias">Whether the query, key and value projections have biases.</param>
    /// <param name="qkNorm">Whether query and key heads are normalised.</param>
    public static ModelFamily FamilyWith(bool attentionBias, bool qkNorm) => (attentionBias, qkNorm) switch
    {
        (_, true) => ModelFamily.Qwen3,
        (true, false) => ModelFamily.Qwen2,
        _ => ModelFamily.Llama,
    };

    /// <summary>
    /// The first value that is out of range, by its <c>config.json</c> key with the reason, or null when the model can be
    /// built.
    /// </summary>
    public (string Key, string Reason)? FindProblem()
    {
        foreach (var (key, size, most) in Sizes())
        {
            if (size < 1 || size > most)
            {
                return (key, $"{size} is not in 1..{most}");
            }
        }

        foreach (var (wrong, key, reason) in Rules())
        {
            if (wrong)
            {
                return (key, reason);
            }
        }

        return RopeScaling?.FindProblem() is var (inner, why) ? ($"rope_scaling.{inner}", why) : null;
    }

    private (string Key, int Size, int Most)[] Sizes() =>
    [
        ("vocab_size", VocabularySize, MaxSize),
        ("hidden_size", HiddenSize, MaxSize),
        ("num_hidden_layers", Layers, MaxLayers),
        ("num_attention_heads", Heads, MaxSize),
        ("num_key_value_heads", KeyValueHeads, MaxSize),
        ("head_dim", HeadDim, MaxSize),
        ("intermediate_size", IntermediateSize, MaxSize),
        ("max_position_embeddings", MaxPositions, MaxSize),
    ];

    private (bool Wrong, string Key, string Reason)[] Rules() =>
    [
        (Heads % KeyValueHeads != 0, "num_key_value_heads", $"{KeyValueHeads} does not divide num_attention_heads {Heads}"),
        (HeadDim % 2 != 0, "head_dim", $"{HeadDim} is odd, and rotary positions turn pairs"),
        ((long)Heads * HeadDim > MaxSize, "head_dim", $"{Heads} heads of {HeadDim} exceed {MaxSize}"),
        (!(RopeTheta > 0 && double.IsFinite(RopeTheta)), "rope_theta", $"{RopeTheta} is not a positive number"),
        (SlidingWindow < 1, "sliding_window", $"{SlidingWindow} is not positive"),
        (RopeScaling?.Type == RopeScalingType.Yarn && RopeTheta <= 1, "rope_theta", $"{RopeTheta} is not above 1, which yarn needs"),
        (!(NormEpsilon > 0 && NormEpsilon < 1), "rms_norm_eps", $"{NormEpsilon} is not between 0 and 1"),
        (Family == ModelFamily.Qwen2 && !AttentionBias, "attention_bias", "false, but qwen2 always has query, key and value biases"),
        (Family == ModelFamily.Mistral && AttentionBias, "attention_bias", "true, but mistral has no biases"),
    ];
}
