using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Before each checkpoint, the checksums of what the run's files have got: what a resumed run builds on is checked by them.</summary>
/// <param name="checkpoints">Writes the checkpoints.</param>
/// <param name="checksums">The run's checksums; borrowed.</param>
public sealed class ChecksummedCheckpoints(ICheckpointWriter checkpoints, RunChecksums checksums) : ICheckpointWriter
{
    /// <inheritdoc/>
    public string? Newest => checkpoints.Newest;

    /// <inheritdoc/>
    public void Write(LoopState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        checksums.Append(state.Step);
        checkpoints.Write(state);
    }
}
