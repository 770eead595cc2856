using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>One leaf of a tree and what it shares with an earlier one.</summary>
/// <param name="Sequence">The leaf.</param>
/// <param name="Parent">Position of the leaf it shares tokens with, among the leaves; -1 for none.</param>
/// <param name="SharedLength">Response tokens it shares with that one.</param>
internal readonly record struct LeafPath(Sequence Sequence, int Parent, int SharedLength);

/// <summary>
/// The leaves of a finished tree, parents first. Where a row was removed but a fork of it stayed, that fork stands for
/// it: the one that forked last, for it has most of the row's tokens. O(rows).
/// </summary>
internal static class LeafPaths
{
    /// <summary>The leaves that were not removed.</summary>
    public static LeafPath[] Of(IReadOnlyList<Sequence> rows)
    {
        var standing = Standing(rows);
        var parents = new (int Row, int Shared)[rows.Count];
        Array.Fill(parents, (-1, 0));
        foreach (var row in rows)
        {
            if (row.Fork is { Parent: { } parent, Length: var shared and > 0 } && standing[row.Id] is var leaf and >= 0
                && standing[parent.Id] is var other && other != leaf)
            {
                parents[leaf] = (other, shared);
            }
        }

        var paths = new List<LeafPath>(rows.Count);
        var places = new int[rows.Count];
        Array.Fill(places, -1);
        foreach (var row in rows)
        {
            if (row.RemovedFor is null)
            {
                Place(row.Id);
            }
        }

        return [.. paths];

        void Place(int row)
        {
            if (places[row] >= 0)
            {
                return;
            }

            var (parent, shared) = parents[row];
            if (parent >= 0)
            {
                Place(parent);
            }

            places[row] = paths.Count;
            paths.Add(new LeafPath(rows[row], parent < 0 ? -1 : places[parent], shared));
        }
    }

    /// <summary>Every row there was, as it is kept with the rollouts.</summary>
    /// <param name="group">The finished group.</param>
    /// <param name="paths">Its leaves.</param>
    /// <param name="firstRollout">Index of the first leaf's rollout.</param>
    /// <param name="decode">Gives the text of response tokens.</param>
    /// <returns>Empty when every row started at the prompt and is a leaf.</returns>
    public static RolloutTree Describe(SequenceGroup group, LeafPath[] paths, int firstRollout, Func<int[], string> decode)
    {
        var rows = group.Sequences;
        if (rows.All(row => row is { Fork.Kind: BranchKind.Root, RemovedFor: null }))
        {
            return RolloutTree.Empty;
        }

        var rollouts = new int[rows.Count];
        Array.Fill(rollouts, -1);
        for (var i = 0; i < paths.Length; i++)
        {
            rollouts[paths[i].Sequence.Id] = firstRollout + i;
        }

        var branches = rows.Select(row => new TreeBranch
        {
            Parent = row.Fork.Parent?.Id ?? -1,
            ForkPosition = row.Fork.Length,
            ForkProbability = row.Fork.Probability,
            Kind = row.Fork.Kind,
            Length = row.Length,
            RemovedFor = row.RemovedFor,
            Rollout = rollouts[row.Id],
            Text = decode(row.OwnTokens.ToArray()),
        });
        return new RolloutTree([.. branches], group.Tree.Suppressed, group.Tree.SaturatedAt);
    }

    /// <summary>For each row the leaf that stands for it; -1 for none.</summary>
    private static int[] Standing(IReadOnlyList<Sequence> rows)
    {
        var standing = new int[rows.Count];
        var deepest = new int[rows.Count];
        Array.Fill(standing, -1);
        for (var id = rows.Count - 1; id >= 0; id--)
        {
            var row = rows[id];
            if (row.RemovedFor is null)
            {
                standing[id] = id;
            }

            if (standing[id] >= 0 && row.Fork.Parent is { RemovedFor: not null } parent
                && (standing[parent.Id] < 0 || row.Fork.Length >= deepest[parent.Id]))
            {
                standing[parent.Id] = standing[id];
                deepest[parent.Id] = row.Fork.Length;
            }
        }

        return standing;
    }
}
