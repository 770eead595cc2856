using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>The random streams of one prompt's group in one round: a pure function of their keys.</summary>
/// <param name="Streams">The run's streams.</param>
/// <param name="Purpose">What the rollouts are for.</param>
/// <param name="Step">Training step.</param>
/// <param name="Prompt">Index of the prompt.</param>
/// <param name="FirstRollout">Index of the group's first rollout in this round.</param>
public readonly record struct GroupStreams(RandomStreams Streams, StreamPurpose Purpose, long Step, long Prompt, int FirstRollout)
{
    /// <summary>Of a sequence that starts at the prompt: the stream of the rollout with the same index.</summary>
    /// <param name="index">From 0 in this round.</param>
    public RandomStream Root(int index) => Streams.Stream(Purpose, Step, Prompt, FirstRollout + index);

    /// <summary>Of a sequence that forked from another. Never that of a rollout of any round.</summary>
    /// <param name="index">From 0 in this round.</param>
    public RandomStream Branch(int index) => Streams.Stream(Purpose, Step, Prompt, FirstRollout + ((index + 1L) << 32));

    /// <summary>Of the branch policy's own choices.</summary>
    public RandomStream Choices() => Streams.Stream(StreamPurpose.Branching, Step, Prompt, FirstRollout);
}
