using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>Where a sequence began.</summary>
/// <param name="Parent">The sequence it forked from; null for the prompt.</param>
/// <param name="Length">Response tokens it has in common with the parent; 0 without one.</param>
/// <param name="Kind">How it began.</param>
/// <param name="Probability">See <see cref="TreeBranch.ForkProbability"/>.</param>
public readonly record struct SequenceFork(Sequence? Parent, int Length, BranchKind Kind, float Probability)
{
    /// <summary>At the prompt.</summary>
    public static SequenceFork Root { get; } = new(null, 0, BranchKind.Root, float.NaN);
}
