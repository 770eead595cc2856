using RolloutLab.Models;

namespace RolloutLab.Training;

/// <summary>What decides how much memory a training run takes.</summary>
public sealed record MemoryPlan
{
    /// <summary>Shape of the policy.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>What its weights count as.</summary>
    public WeightPrecision Precision { get; init; }

    /// <summary>The low-rank adapter, whose weights alone take gradients and have moments; null where all weights do.</summary>
    public LoraOptions? Adapter { get; init; }

    /// <summary>Whether a frozen reference policy is held beside the trained one.</summary>
    public bool HasReference { get; init; }

    /// <summary>Whether a reference, be it a copy or the model under an adapter, scores a micro-batch beside the policy.</summary>
    public bool ScoresReference { get; init; }

    /// <summary>Most tokens of a forward and backward pass.</summary>
    public required int PassTokens { get; init; }

    /// <summary>Whether layers are computed again in the backward pass.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>The engine's KV cache.</summary>
    public required KvCacheSize Cache { get; init; }

    /// <summary>Most tokens of an engine step.</summary>
    public required int StepTokens { get; init; }

    /// <summary>Most sequences that the engine draws for at once.</summary>
    public required int Sequences { get; init; }

    /// <summary>Compute threads.</summary>
    public required int Threads { get; init; }

    /// <summary>Resident bytes of the program with its libraries, tokenizer and data, before there is a model.</summary>
    public required long RuntimeBytes { get; init; }
}
