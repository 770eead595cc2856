namespace RolloutLab.Core;

/// <summary>How tokens are drawn from the policy.</summary>
public sealed record SamplingParameters
{
    /// <summary>Logits are divided by it; 0 means greedy (the most probable token, lowest id on ties).</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Keep only the k most probable tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the smallest set of most probable tokens whose probability reaches this; 1 keeps all. In (0, 1].</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>Keep tokens at least this fraction as probable as the most probable one; 0 keeps all. In [0, 1).</summary>
    public float MinP { get; init; }

    /// <summary>Most response tokens, the stop token included; at least 1.</summary>
    public int MaxNewTokens { get; init; } = 256;
}
