using RolloutLab.Core;

namespace RolloutLab.Simulation;

/// <summary>
/// A round's part of a group's tree, the inverse of <see cref="RolloutTree.Join"/>: the rows of a round stand together, those
/// of later rounds behind. Rows between two rounds that became no rollout go to the earlier one, which joins to the same.
/// </summary>
internal static class RoundTree
{
    /// <param name="tree">The group's tree.</param>
    /// <param name="first">Index of the round's first rollout.</param>
    /// <param name="end">Index after its last.</param>
    /// <param name="all">Rollouts of the group.</param>
    public static RolloutTree Of(RolloutTree tree, int first, int end, int all)
    {
        if (tree.Branches.Count == 0)
        {
            return RolloutTree.Empty;
        }

        var from = first == 0 ? 0 : StartOf(tree, first, end);
        var to = end == all ? tree.Branches.Count : StartOf(tree, end, all);
        var branches = tree.Branches.Skip(from).Take(to - from).Select(b => b.Parent < 0 ? b : b with { Parent = b.Parent - from });

        // Counted over the whole group, so the first round has them and the others nothing.
        return new RolloutTree([.. branches], first == 0 ? tree.Suppressed : 0, first == 0 ? tree.SaturatedAt : -1);
    }

    /// <summary>The first row of the trees that rollouts from <paramref name="first"/> on grew on.</summary>
    private static int StartOf(RolloutTree tree, int first, int end)
    {
        var start = tree.Branches.Count;
        for (var i = tree.Branches.Count - 1; i >= 0; i--)
        {
            // A row that stands behind the start belongs to the round too, and so does all it grew on.
            if (i >= start || (tree.Branches[i].Rollout >= first && tree.Branches[i].Rollout < end))
            {
                start = Math.Min(start, RootOf(tree, i));
            }
        }

        return start;
    }

    private static int RootOf(RolloutTree tree, int row)
    {
        while (tree.Branches[row].Parent >= 0)
        {
            row = tree.Branches[row].Parent;
        }

        return row;
    }
}
