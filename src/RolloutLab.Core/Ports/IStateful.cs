namespace RolloutLab.Core;

/// <summary>
/// A part of the loop that remembers something from step to step. Its state is part of a checkpoint: saved, and loaded
/// into a new part made from the same recipe, it goes on exactly as if it had never stopped. The bytes depend on what is
/// remembered only, so that equal runs have equal checkpoints.
/// </summary>
public interface IStateful
{
    /// <summary>Names the state inside a checkpoint; a file name, unique among the parts of a loop, such as <c>ledger.bin</c>.</summary>
    string StateName { get; }

    /// <summary>Writes everything it remembers.</summary>
    void SaveState(Stream to);

    /// <summary>Replaces what it remembers.</summary>
    /// <exception cref="CheckpointException">The state is not one of this part.</exception>
    void LoadState(Stream from);
}
