namespace RolloutLab.Core;

/// <summary>How a row of a rollout tree began.</summary>
public enum BranchKind
{
    /// <summary>At the prompt.</summary>
    Root,

    /// <summary>On a token that a branch policy chose.</summary>
    Forced,

    /// <summary>At a place that a branch policy chose, with a token drawn anew.</summary>
    Sampled,

    /// <summary>To fill a place of the group that the tree left empty.</summary>
    Fill,
}

/// <summary>One row of a rollout tree: what was decoded from its fork on.</summary>
public sealed record TreeBranch
{
    /// <summary>Position of the row it forked from in <see cref="RolloutTree.Branches"/>; -1 for the prompt.</summary>
    public required int Parent { get; init; }

    /// <summary>Response tokens it has in common with that row, computed once; its own first token comes after them.</summary>
    public required int ForkPosition { get; init; }

    /// <summary>
    /// Probability at temperature 1 of the token it forked on; for a row that drew its token anew, of the one its parent
    /// had there. NaN for a root.
    /// </summary>
    public float ForkProbability { get; init; } = float.NaN;

    /// <summary>How it began.</summary>
    public required BranchKind Kind { get; init; }

    /// <summary>Response tokens when it ended or was removed, those of its parent included.</summary>
    public required int Length { get; init; }

    /// <summary>Why it was removed, a short snake_case reason that is counted in the metrics; null for a leaf.</summary>
    public string? RemovedFor { get; init; }

    /// <summary><see cref="Rollout.Index"/> of the leaf it became; -1 when it was removed.</summary>
    public int Rollout { get; init; } = -1;

    /// <summary>Text of its own tokens, those after the fork.</summary>
    public required string Text { get; init; }
}

/// <summary>How the rollouts of a group branched.</summary>
/// <param name="Branches">Every row there was, parents before their children.</param>
/// <param name="Suppressed">Forks that the policy wanted but had no place for.</param>
/// <param name="SaturatedAt">Response tokens when the last place was first taken; -1 when that never happened.</param>
public sealed record RolloutTree(IReadOnlyList<TreeBranch> Branches, int Suppressed, int SaturatedAt)
{
    /// <summary>Of a group whose rollouts each started at the prompt.</summary>
    public static RolloutTree Empty { get; } = new([], 0, -1);

    /// <summary>The tree of a group; where each rollout started at the prompt, a root for each.</summary>
    public static RolloutTree OfGroup(RolloutGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return group.Tree.Branches.Count > 0 ? group.Tree : group.Tree with { Branches = [.. group.Rollouts.Select(RootOf)] };
    }

    /// <summary>The trees of two rounds of one group together; positions in the second are moved behind the first.</summary>
    public RolloutTree Join(RolloutTree later)
    {
        ArgumentNullException.ThrowIfNull(later);
        if (later.Branches.Count == 0)
        {
            return this;
        }

        var moved = later.Branches.Select(b => b.Parent < 0 ? b : b with { Parent = b.Parent + Branches.Count });
        return new RolloutTree([.. Branches, .. moved], Suppressed + later.Suppressed, Math.Max(SaturatedAt, later.SaturatedAt));
    }

    private static TreeBranch RootOf(Rollout rollout) => new()
    {
        Parent = -1,
        ForkPosition = 0,
        Kind = BranchKind.Root,
        Length = rollout.Length,
        Rollout = rollout.Index,
        Text = rollout.Text,
    };
}
