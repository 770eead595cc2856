namespace RolloutLab.Engine;

/// <summary>How much the engine computes at once. Neither number changes what is drawn, only how fast.</summary>
public sealed record EngineOptions
{
    /// <summary>Most tokens in one model step, prefill and decode together; at least 1. Longer prompts are split over steps.</summary>
    public int MaxTokensPerStep { get; init; } = 2048;

    /// <summary>Most sequences that hold generated tokens in the KV cache at once; at least 1.</summary>
    public int MaxRunningSequences { get; init; } = 256;
}
