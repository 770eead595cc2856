namespace RolloutLab.Core;

/// <summary>All rollouts of one prompt in one step. Groups are ragged: their sizes differ.</summary>
/// <param name="Prompt">The prompt they answer.</param>
/// <param name="Rollouts">The rollouts by index; may be empty.</param>
public sealed record RolloutGroup(Prompt Prompt, IReadOnlyList<Rollout> Rollouts)
{
    /// <summary>How the rollouts branched, with what was pruned on the way; empty when each started at the prompt.</summary>
    public RolloutTree Tree { get; init; } = RolloutTree.Empty;
}

/// <summary>A group with one verdict for each rollout.</summary>
/// <param name="Group">The rollouts.</param>
/// <param name="Verdicts">Verdicts aligned to <c>Group.Rollouts</c>.</param>
public sealed record GradedGroup(RolloutGroup Group, IReadOnlyList<Verdict> Verdicts)
{
    /// <summary>Number of rollouts.</summary>
    public int Count => Group.Rollouts.Count;
}
