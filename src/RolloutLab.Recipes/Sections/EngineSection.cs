using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>How much the rollout engine holds and does at once. None of it changes what is drawn.</summary>
public sealed record EngineSection
{
    /// <summary>Tokens in a KV block.</summary>
    public required int BlockSize { get; init; }

    /// <summary>Tokens the KV cache holds; 0 for as many as the running sequences can need.</summary>
    public required int KvTokens { get; init; }

    /// <summary>Sequences that run at once.</summary>
    public required int MaxBatch { get; init; }

    /// <summary>Tokens computed in one engine step, prefill and decode together.</summary>
    public required int MaxStepTokens { get; init; }

    internal static EngineSection Read(SectionReader r)
    {
        var section = new EngineSection
        {
            BlockSize = r.Integer("block_size", 16, Between(8, 1024), "Tokens in a KV block, a multiple of 8."),
            KvTokens = r.Integer("kv_tokens", 0, AtLeast(0), "Tokens the KV cache holds; 0 for automatic."),
            MaxBatch = r.Integer("max_batch", 256, AtLeast(1), "Sequences that run at once."),
            MaxStepTokens = r.Integer(
                "max_step_tokens", 2048, AtLeast(1), "Tokens computed in one engine step, prefill and decode together."),
        };
        r.Check(
            () => section.BlockSize % 8 == 0, "block_size",
            () => "must be a multiple of 8, which the attention kernels work in; 16 suits most machines");
        r.Check(
            () => section.KvTokens == 0 || section.KvTokens >= section.BlockSize, "kv_tokens",
            () => $"must be 0 (automatic) or at least engine.block_size ({section.BlockSize})");
        r.Check(
            () => section.MaxStepTokens >= section.MaxBatch, "max_step_tokens",
            () => $"must be at least engine.max_batch ({section.MaxBatch}), one token for each running sequence");
        return section;
    }
}
