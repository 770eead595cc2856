using System.Text.Json.Nodes;

namespace RolloutLab.Core;

/// <summary>
/// A part of the loop that remembers something from step to step. Its state is part of a checkpoint: saved, loaded into a
/// new part made from the same recipe, it goes on exactly as if it had never stopped.
/// </summary>
public interface IStateful
{
    /// <summary>Names the state inside a checkpoint; unique among the parts of a loop, such as <c>recompose/rorecomp</c>.</summary>
    string StateName { get; }

    /// <summary>Everything it remembers.</summary>
    JsonNode SaveState();

    /// <summary>Replaces what it remembers.</summary>
    /// <exception cref="CheckpointException">The state is not one of this part.</exception>
    void LoadState(JsonNode state);
}
