using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>How long training lasts.</summary>
public sealed record TrainingSection
{
    /// <summary>Training steps: rollouts, verdicts, update.</summary>
    public required int Steps { get; init; }

    internal static TrainingSection Read(SectionReader r) => new()
    {
        Steps = r.Integer("steps", 100, AtLeast(1), "Training steps; each samples, judges and updates."),
    };
}

/// <summary>When checkpoints are written.</summary>
public sealed record CheckpointSection
{
    /// <summary>Steps between checkpoints; 0 writes one at the end only.</summary>
    public required int Every { get; init; }

    /// <summary>Checkpoints kept, the newest ones.</summary>
    public required int KeepLast { get; init; }

    /// <summary>Whether a new best evaluation is checkpointed, and that checkpoint kept beside the newest ones.</summary>
    public required bool KeepBest { get; init; }

    internal static CheckpointSection Read(SectionReader r) => new()
    {
        Every = r.Integer("every", 20, AtLeast(0), "Steps between checkpoints, from which an interrupted run is resumed; 0 writes one at the end only."),
        KeepLast = r.Integer("keep_last", 2, AtLeast(1), "Checkpoints kept, the newest ones."),
        KeepBest = r.Flag("keep_best", false, "Checkpoint a new best pass@1 of data.eval, and keep that checkpoint beside the newest ones."),
    };
}

/// <summary>What shows a run's metrics while it goes on.</summary>
public enum TrackingChoice
{
    /// <summary>Event files that TensorBoard reads.</summary>
    TensorBoard,
}

/// <summary>Where a run goes and what it keeps.</summary>
public sealed record RunSection
{
    /// <summary>Absolute folder in which run folders are made; written relative to the current directory.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether every rollout is stored, as Parquet.</summary>
    public required bool Store { get; init; }

    /// <summary>Rollouts a step that the sample file keeps; 0 for none.</summary>
    public required int RolloutSamples { get; init; }

    /// <summary>Prompts a step whose rollout trees are kept; 0 for none.</summary>
    public required int TreeSamples { get; init; }

    internal static RunSection Read(SectionReader r) => new()
    {
        Folder = r.WorkingPath("dir", "runs", "Where run folders are made, from the current directory."),
        Store = r.Flag("store", true, "Store every rollout as Parquet, to query and replay."),
        RolloutSamples = r.Integer("rollout_samples", 8, AtLeast(0), "Rollouts a step that the sample file keeps."),
        TreeSamples = r.Integer("tree_samples", 4, AtLeast(0), "Prompts a step whose rollout trees are kept for inspect."),
    };
}
