using RolloutLab.Core;

namespace RolloutLab.Simulation;

/// <summary>Writes none: a simulation is cheaper to run again than to save.</summary>
internal sealed class NoCheckpoints : ICheckpointWriter
{
    public string? Newest => null;

    public void Write(LoopState state)
    {
    }
}
