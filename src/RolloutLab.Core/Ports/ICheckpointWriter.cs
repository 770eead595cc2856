namespace RolloutLab.Core;

/// <summary>Writes checkpoints of the policy, its optimizer and the loop.</summary>
public interface ICheckpointWriter
{
    /// <summary>Folder of the newest complete checkpoint of this run; null before the first.</summary>
    string? Newest { get; }

    /// <summary>Writes a checkpoint, atomically: a reader sees all of it or nothing. Older ones beyond the number to keep are deleted.</summary>
    /// <exception cref="RunException">It cannot be written (disk full, read-only).</exception>
    void Write(LoopState state);
}
