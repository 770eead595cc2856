using RolloutLab.Models;

namespace RolloutLab.Training;

/// <summary>One part of the memory that a run takes.</summary>
/// <param name="Name">What it holds.</param>
/// <param name="Bytes">How much.</param>
/// <param name="Phase">When it is held.</param>
/// <param name="Keys">The recipe keys that change it; empty where none does.</param>
public sealed record MemoryPart(string Name, long Bytes, MemoryPhase Phase, IReadOnlyList<string> Keys);

/// <summary>When memory is held.</summary>
public enum MemoryPhase
{
    /// <summary>All the time.</summary>
    Always,

    /// <summary>While the policy is updated.</summary>
    Update,

    /// <summary>While rollouts are made.</summary>
    Rollout,
}

/// <summary>
/// The memory of a training run by part, from its settings alone: the sizes of the tensors that the decoder, the optimizer
/// and the engine hold, counted operation by operation. Update and rollouts take turns, so of their working memory only the
/// larger counts.
/// </summary>
public sealed class MemoryForecast
{
    // What grows beside the counted parts: compiled code, the managed heap of a step, DuckDB's buffers.
    private const long ProgramBytes = 96L << 20;

    // kChunkBytes of native/src/fused/log_probs.cpp.
    private const long LogitsChunkBytes = 32L << 20;

    private readonly MemoryPlan _plan;

    /// <summary>Counts.</summary>
    /// <param name="plan">The run.</param>
    public MemoryForecast(MemoryPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        _plan = plan;
        Parts = [.. Held(), .. Working()];
    }

    /// <summary>The parts that take any memory, those held always first.</summary>
    public IReadOnlyList<MemoryPart> Parts { get; }

    /// <summary>Most bytes at once.</summary>
    public long TotalBytes => Sum(MemoryPhase.Always) + Math.Max(Sum(MemoryPhase.Update), Sum(MemoryPhase.Rollout));

    /// <summary>Why it does not fit, with what would help; null when it does.</summary>
    /// <param name="limitBytes">Bytes the process may use.</param>
    public string? Problem(long limitBytes)
    {
        if (TotalBytes <= limitBytes)
        {
            return null;
        }

        var isUpdate = Sum(MemoryPhase.Update) >= Sum(MemoryPhase.Rollout);
        var counted = Parts.Where(p => p.Phase == MemoryPhase.Always || p.Phase == (isUpdate ? MemoryPhase.Update : MemoryPhase.Rollout)).OrderByDescending(p => p.Bytes).ToList();
        var largest = string.Join(", ", counted.Take(3).Select(p => $"{p.Name} {Gigabytes(p.Bytes)}"));
        var keys = counted.SelectMany(p => p.Keys).Distinct().Take(4).ToList();
        return $"training needs about {Gigabytes(TotalBytes)} of memory and this machine has {Gigabytes(limitBytes)} (most for {largest}); "
            + $"change {string.Join(", ", keys)}";
    }

    private static string Gigabytes(long bytes) => FormattableString.Invariant($"{bytes / (double)(1L << 30):0.00} GiB");

    private long Sum(MemoryPhase phase) => Parts.Where(p => p.Phase == phase).Sum(p => p.Bytes);

    private IEnumerable<MemoryPart> Held()
    {
        var weights = sizeof(float) * Weights;
        var isRounded = _plan.Precision == WeightPrecision.Bfloat16;
        yield return new("runtime", _plan.RuntimeBytes + ProgramBytes, MemoryPhase.Always, []);
        var isFrozen = _plan.Adapter is not null;
        yield return new(isRounded && !isFrozen ? "master weights" : "weights", isRounded && isFrozen ? weights / 2 : weights, MemoryPhase.Always, isRounded ? ["model"] : ["dtype", "model"]);
        if (_plan.Adapter is not null)
        {
            yield return new("adapter", sizeof(float) * TrainedWeights, MemoryPhase.Always, ["model.lora.rank", "model.lora.targets"]);
        }

        yield return new("weights packed for decoding", PackedBytes / (isRounded ? 2 : 1), MemoryPhase.Always, isRounded ? ["model"] : ["dtype", "model"]);
        if (_plan.HasReference)
        {
            yield return new("reference policy", weights / (isRounded ? 2 : 1), MemoryPhase.Always, ["loss.kl.coefficient", "model"]);
        }

        yield return new("gradients", sizeof(float) * TrainedWeights, MemoryPhase.Always, ["model"]);
        yield return new("moments", 2L * sizeof(float) * TrainedWeights, MemoryPhase.Always, ["model"]);
        yield return new("rotary tables", RotaryBytes, MemoryPhase.Always, ["model.config.max_positions"]);
        yield return new(
            "KV blocks", _plan.Cache.Tokens * KvCacheSize.BytesPerToken(_plan.Config), MemoryPhase.Always, ["engine.kv_tokens", "engine.max_batch", "rollout.max_new_tokens"]);
    }

    private IEnumerable<MemoryPart> Working()
    {
        var activations = new ActivationCount(_plan.Config);
        var adapter = (_plan.Adapter?.ActivationCount(_plan.Config) ?? 0) / (_plan.GradientCheckpointing ? _plan.Config.Layers : 1);
        var kept = sizeof(float) * ((_plan.GradientCheckpointing ? activations.Checkpointed : activations.Whole(_plan.ScoresReference)) + adapter) * _plan.PassTokens;
        yield return new(
            "activations", kept, MemoryPhase.Update, _plan.GradientCheckpointing ? ["update.micro_batch_tokens"] : ["update.gradient_checkpointing", "update.micro_batch_tokens"]);
        if (_plan.Precision == WeightPrecision.Bfloat16)
        {
            // Both the rounded values and their float32 copy of the largest matrix of a layer, in its turn.
            var largest = ParameterLayout.Of(_plan.Config).Where(s => s.Name.StartsWith("model.layers.", StringComparison.Ordinal)).Max(s => s.ElementCount);
            yield return new("rounded weights in use", (sizeof(float) + sizeof(short)) * largest, MemoryPhase.Update, ["dtype"]);
        }

        if (_plan.Adapter is { } lora && activations.Adapting(lora.WidestMatrix(_plan.Config)) is > 0 and var beyond)
        {
            yield return new("adapter workspace", sizeof(float) * beyond * _plan.PassTokens, MemoryPhase.Update, ["update.micro_batch_tokens", "model.lora.targets"]);
        }

        yield return new("vocabulary workspace", VocabularyBytes(kept), MemoryPhase.Update, []);
        yield return new("engine step", sizeof(float) * activations.Decoding * _plan.StepTokens, MemoryPhase.Rollout, ["engine.max_step_tokens"]);
        yield return new(
            "logits of a step", sizeof(float) * (long)_plan.Config.VocabularySize * (_plan.Sequences + (2 * _plan.Threads)), MemoryPhase.Rollout, ["engine.max_batch"]);
    }

    private long TrainedWeights => _plan.Adapter?.ParameterCount(_plan.Config) ?? Weights;

    private long Weights => ParameterLayout.Of(_plan.Config).Sum(spec => spec.ElementCount);

    /// <summary>Every matrix but an untied embedding, its rows rounded up to whole panels.</summary>
    private long PackedBytes => sizeof(float) * ParameterLayout.Of(_plan.Config)
        .Where(spec => spec.IsMatrix && (_plan.Config.TieWordEmbeddings || spec.Name != "model.embed_tokens.weight"))
        .Sum(spec => (spec.Rows + 63L) / 64 * 64 * spec.Columns);

    private long RotaryBytes => 2L * sizeof(float) * _plan.Config.MaxPositions * (_plan.Config.HeadDim / 2);

    /// <summary>
    /// One chunk of logits, and the gradient of the head before it joins that of earlier micro-batches. That of a tied head
    /// waits for the embedding's, when the activations are gone: what exceeds them then counts here. Under an adapter the
    /// embedding has none.
    /// </summary>
    private long VocabularyBytes(long activations)
    {
        var config = _plan.Config;
        var head = sizeof(float) * (long)config.VocabularySize * config.HiddenSize;
        var logits = Math.Min(LogitsChunkBytes, sizeof(float) * (long)config.VocabularySize * _plan.PassTokens);
        return config.TieWordEmbeddings && _plan.Adapter is null ? Math.Max(head + logits, (2 * head) - activations) : head + logits;
    }
}
