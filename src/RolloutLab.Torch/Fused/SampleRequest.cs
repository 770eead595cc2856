namespace RolloutLab.Torch;

/// <summary>
/// Draws wanted of <see cref="fused.sample"/>: entry i of each span, all <c>[R]</c>, describes draw i. The filters apply
/// in the order temperature, top-k, top-p, min-p, each to the renormalised result of the one before.
/// </summary>
public readonly ref struct SampleRequest
{
    /// <summary>Row of the logits; rows may repeat.</summary>
    public required ReadOnlySpan<int> Rows { get; init; }

    /// <summary>Temperature ≥ 0; 0 takes the most probable token, the lowest id among equals.</summary>
    public required ReadOnlySpan<float> Temperature { get; init; }

    /// <summary>Most tokens kept; 0 keeps all.</summary>
    public required ReadOnlySpan<int> TopK { get; init; }

    /// <summary>Probability mass kept, in (0, 1]; 1 keeps all.</summary>
    public required ReadOnlySpan<float> TopP { get; init; }

    /// <summary>Least probability kept, relative to the most probable token's, in [0, 1]; 0 keeps all.</summary>
    public required ReadOnlySpan<float> MinP { get; init; }

    /// <summary>The number in [0, 1) that decides the draw.</summary>
    public required ReadOnlySpan<double> Uniform { get; init; }

    /// <summary>Token ids from this one on are padding and never drawn; at most the logits' columns.</summary>
    public required long Vocabulary { get; init; }
}
