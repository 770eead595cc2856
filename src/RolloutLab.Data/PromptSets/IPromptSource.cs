using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Hands out the prompts of training steps: sampled from a set, or in the order of a log.</summary>
public interface IPromptSource
{
    /// <summary>Prompts of the whole set: each <see cref="Prompt.Index"/> is below it.</summary>
    int Count { get; }

    /// <summary>Where it is; immutable.</summary>
    PromptSamplerState State { get; }

    /// <summary>Continues from a saved state.</summary>
    /// <exception cref="CheckpointException">The state does not fit the prompts.</exception>
    void Restore(PromptSamplerState state);

    /// <summary>The next prompts of a step, which may ask more than once.</summary>
    /// <param name="step">The step, from 1, never falling.</param>
    /// <param name="count">How many, at least 1; fewer are given where there are no more.</param>
    IReadOnlyList<Prompt> Next(long step, int count);
}
