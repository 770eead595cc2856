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

        var from = first == 0 ? 0 : StartOf(tree, first);
        var to = end == all ? tree.Branches.Count : StartOf(tree, end);
        var branches = tree.Branches.Skip(from).Take(to - from).Select(b => b.Parent < 0 ? b : b with { Parent = b.Parent - from });

        // Counted over the whole group, so the first round has them and the others nothing.
        return new RolloutTree([.. branches], first == 0 ? tree.Suppressed : 0, first == 0 ? tree.SaturatedAt : -1);
    }

    /// <summary>The first row of the trees that rollouts from <paramref name="first"/> on grew on: no row from there on hangs on one before.</summary>
    private static int StartOf(RolloutTree tree, int first)
    {
        var count = tree.Branches.Count;
        var roots = new int[count];
        for (var i = 0; i < count; i++)
        {
            roots[i] = tree.Branches[i].Parent < 0 ? i : roots[tree.Branches[i].Parent];
        }

        // The earliest root of any row from each row on.
        var start = count;
        for (var i = count - 1; i >= 0; i--)
        {
            roots[i] = Math.Min(roots[i], i + 1 < count ? roots[i + 1] : count);
            start = tree.Branches[i].Rollout >= first ? i : start;
        }

        while (start < count && roots[start] < start)
        {
            start = roots[start];
        }

        return start;
    }
}
