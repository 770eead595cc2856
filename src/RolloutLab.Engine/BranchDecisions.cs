namespace RolloutLab.Engine;

/// <summary>Asks the branch policies of a run, when their groups have something to decide.</summary>
/// <param name="starting">Told when a tree's number of free places changes.</param>
internal sealed class BranchDecisions(StartingOrder starting)
{
    private readonly List<SequenceGroup> _moved = [];
    private readonly List<SequenceGroup> _undecided = [];

    /// <summary>Remembers that a row of a group was held or has ended.</summary>
    public void Note(SequenceGroup group)
    {
        if (!group.Tree.IsSettled && (_moved.Count == 0 || _moved[^1] != group))
        {
            _moved.Add(group);
        }
    }

    /// <summary>Asks the branch policies of the groups that have moved, and then those that wait for other groups, until none moves.</summary>
    public void Decide()
    {
        var moved = false;
        foreach (var group in _moved)
        {
            moved |= Decide(group);
        }

        _moved.Clear();
        while (moved && _undecided.Count > 0)
        {
            moved = false;
            foreach (var group in _undecided.ToArray())
            {
                moved |= Decide(group);
            }
        }
    }

    /// <summary>Asks a group's branch policy for as long as it has something to decide.</summary>
    /// <returns>Whether it decided anything.</returns>
    private bool Decide(SequenceGroup group)
    {
        var (tree, moved) = (group.Tree, false);
        while (!tree.IsSettled && tree.AllDrawn)
        {
            var (unborn, rows) = (tree.Unborn, tree.RowCount);
            if (tree.Held.Count > 0)
            {
                if (!group.Grower.Decide(tree))
                {
                    if (!_undecided.Contains(group))
                    {
                        _undecided.Add(group);
                    }

                    return moved;
                }

                starting.UnbornChanged(group, unborn);
                moved = true;
                continue;
            }

            group.Grower.Rest(tree);
            starting.UnbornChanged(group, unborn);
            moved = true;
            if (tree.RowCount == rows && tree.GrowingCount > 0)
            {
                break;
            }

            if (tree.GrowingCount == 0)
            {
                unborn = tree.Unborn;
                tree.Settle();
                starting.UnbornChanged(group, unborn);
            }
        }

        _undecided.Remove(group);
        return moved;
    }
}
