using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>The policy's model: a folder with weights, or the shape of one made from scratch. One of both is set; none where a simulation stands in for the model.</summary>
public sealed record ModelSection
{
    /// <summary>
    /// Absolute folder with config.json, weights and tokenizer, or of a PEFT adapter, which is then trained on; null for a model
    /// from scratch.
    /// </summary>
    public required string? Path { get; init; }

    /// <summary>Absolute folder of the model under the adapter at <see cref="Path"/>; null for the one the adapter names.</summary>
    public required string? Base { get; init; }

    /// <summary>Shape of a model from scratch; null when it is loaded.</summary>
    public required ModelConfigSection? Config { get; init; }

    /// <summary>A new adapter on the model at <see cref="Path"/>; null to train the weights themselves.</summary>
    public required LoraSection? Lora { get; init; }

    /// <summary>Absolute folder with the tokenizer of a model from scratch; null where <c>tokenizer</c> says which.</summary>
    public required string? Tokenizer { get; init; }

    internal static ModelSection Read(SectionReader r)
    {
        var section = new ModelSection
        {
            Path = r.OptionalPath("path", "Folder with config.json, safetensors and tokenizer.json, or of a PEFT adapter, which is trained on."),
            Base = r.OptionalPath("base", "Folder of the model under the adapter at path, where the adapter does not name it."),
            Config = r.OptionalSection("config", "Shape of a model made from scratch, in place of path.", ModelConfigSection.Read),
            Tokenizer = r.OptionalPath(
                "tokenizer", "Folder with tokenizer.json (and tokenizer_config.json) for a model made from scratch; its files go into the checkpoints."),
            Lora = r.OptionalSection("lora", "A new low-rank adapter, trained in place of the weights; without it, the reference of the KL term.", LoraSection.Read),
        };
        r.Check(
            () => section.Path is null || section.Config is null, "config",
            () => "a model has a path or a config, not both; remove one (or --set it to null)");
        r.Check(
            () => section.Tokenizer is null || section.Path is null, "tokenizer",
            () => "is for a model from scratch (model.config); a folder in model.path brings its own, and tokenizer.type: file takes another");
        r.Check(
            () => section.Lora is null || section.Config is null, "lora",
            () => "an adapter needs a trained model under it; set model.path, or leave it out to train a model from scratch");
        r.Check(() => section.Base is null || section.Path is not null, "base", () => "needs an adapter in model.path; leave it out");
        return section;
    }
}

/// <summary>Shape of a Llama-family decoder.</summary>
public sealed record ModelConfigSection
{
    /// <summary>Token ids of the model, at least those of the tokenizer; 0 for just as many.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/> (grouped-query attention, arXiv 2305.13245).</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of one head; even.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Width of the SwiGLU layer (arXiv 2002.05202).</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Longest sequence, prompt and response together.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Base of the rotary frequencies (arXiv 2104.09864).</summary>
    public required double RopeTheta { get; init; }

    /// <summary>Added to the mean square in RMSNorm (arXiv 1910.07467).</summary>
    public required double NormEpsilon { get; init; }

    /// <summary>Whether the output layer shares the embedding's weights.</summary>
    public required bool TieEmbeddings { get; init; }

    /// <summary>Whether the query, key and value projections have a bias.</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>Whether queries and keys are normalised per head.</summary>
    public required bool QkNorm { get; init; }

    internal static ModelConfigSection Read(SectionReader r)
    {
        int hidden = r.Integer("hidden_size", null, AtLeast(1), "Width of the residual stream.");
        int layers = r.Integer("layers", null, AtLeast(1), "Decoder layers.");
        int heads = r.Integer("heads", null, AtLeast(1), "Query heads.");
        int? defaultHeadSize = heads == 0 || hidden % heads == 0 ? hidden / Math.Max(1, heads) : null;
        var section = new ModelConfigSection
        {
            VocabularySize = r.Integer("vocabulary_size", 0, AtLeast(0), "Token ids of the model, at least the tokenizer's; 0 for just as many."),
            HiddenSize = hidden,
            Layers = layers,
            Heads = heads,
            KvHeads = r.Integer("kv_heads", heads, AtLeast(1), "Key and value heads; must divide heads.", "heads"),
            HeadSize = r.Integer("head_size", defaultHeadSize, AtLeast(2), "Width of one head; even.", "hidden_size / heads"),
            IntermediateSize = r.Integer("intermediate_size", null, AtLeast(1), "Width of the SwiGLU layer."),
            MaxPositions = r.Integer("max_positions", null, AtLeast(2), "Longest sequence, prompt and response together, in tokens."),
            RopeTheta = r.Number("rope_theta", 10_000, Above(0), "Base of the rotary position frequencies."),
            NormEpsilon = r.Number("norm_epsilon", 1e-5, Above(0), "Added to the mean square in RMSNorm."),
            TieEmbeddings = r.Flag("tie_embeddings", true, "Share the embedding's weights with the output layer."),
            AttentionBias = r.Flag("attention_bias", false, "Give the query, key and value projections a bias."),
            QkNorm = r.Flag("qk_norm", false, "Normalise queries and keys per head."),
        };
        r.Check(() => heads % section.KvHeads == 0, "kv_heads", () => $"must divide heads ({heads})");
        r.Check(
            () => section.HeadSize % 2 == 0, "head_size",
            () => "must be even (rotary positions turn pairs); change hidden_size, heads or head_size");
        return section;
    }
}
