namespace RolloutLab.Engine;

/// <summary>
/// Which waiting sequence starts next, under the limit on running ones. A tree starts only with room for all its rows,
/// or where nothing runs, and then is not held up by the limit, for its rows wait for each other.
/// </summary>
internal sealed class StartingOrder(SequenceQueue queue, int maxRunning)
{
    /// <summary>Rows that may still join the trees that have started.</summary>
    private int _unborn;

    /// <summary>Whether the limit leaves no sequence to start beside a number of others.</summary>
    public bool IsFull(int others) => others > 0 && others + _unborn >= maxRunning;

    /// <summary>
    /// The oldest waiting sequence if it may start, made the queue's next; those of its group that wait for their branch
    /// policy stand back behind those that do not. Null when it may not.
    /// </summary>
    public Sequence? Next()
    {
        var next = queue.NextWaiting;
        while (next is { Held: not null } && next.Group == queue.NextWaiting!.Group)
        {
            next = next.Younger;
        }

        if (next is null || next.Held is not null || !MayStart(next.Group))
        {
            return null;
        }

        if (next != queue.NextWaiting)
        {
            queue.MakeNext(next);
        }

        return next;
    }

    /// <summary>Notes that a sequence of a group runs.</summary>
    public void Started(SequenceGroup group)
    {
        if (!group.HasStarted)
        {
            group.HasStarted = true;
            _unborn += group.Tree.Unborn;
        }
    }

    /// <summary>Notes that a branch policy has been at a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="before">Its <see cref="GrowingTree.Unborn"/> before.</param>
    public void UnbornChanged(SequenceGroup group, int before)
    {
        if (group.HasStarted)
        {
            _unborn += group.Tree.Unborn - before;
        }
    }

    private bool MayStart(SequenceGroup group)
    {
        if (queue.RunningCount == 0 || (group.HasStarted && !group.Tree.IsSettled))
        {
            return true;
        }

        var wanted = group.Tree.IsSettled ? 1 : group.WaitingCount + group.Tree.Unborn;
        return queue.RunningCount + _unborn + wanted <= maxRunning;
    }
}
