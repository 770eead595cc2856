namespace RolloutLab.Engine;

/// <summary>
/// Who gives KV blocks back when they run out: always the youngest holder. By age, a group's prompt comes before the
/// group's sequences, and a group before the next. A preempted sequence leaves its prompt behind, shared with its
/// group, so that coming back costs its response only; the prompt goes too when the blocks still do not suffice.
/// </summary>
internal sealed class BlockReclaimer(KvBlockPool pool, SequenceQueue queue, IReadOnlyList<SequenceGroup> groups)
{
    /// <summary>No group from this one on holds a prompt.</summary>
    private int _promptEnd;

    /// <summary>Times a sequence lost its blocks.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Must be told of every prompt that takes blocks.</summary>
    public void PromptHeld(SequenceGroup group) => _promptEnd = Math.Max(_promptEnd, group.Order + 1);

    /// <summary>
    /// Frees the blocks of the youngest holder, for a running sequence: a later group's prompt, else the youngest other
    /// sequence, else the prompt kept for those that wait in its own group; for one that runs alone, any prompt.
    /// </summary>
    /// <returns>False when only older ones hold blocks.</returns>
    public bool TakeFor(Sequence sequence)
    {
        var youngest = queue.YoungestRunning!;
        if (DropPromptFrom(youngest.Group.Order + 1))
        {
            return true;
        }

        if (youngest != sequence)
        {
            PreemptYoungest();
            return true;
        }

        // A sequence that runs alone may have older groups' prompts beside it: those of trees that were planted anew.
        return DropPromptFrom(sequence.Group.Order) || (queue.RunningCount == 1 && DropPromptFrom(0));
    }

    /// <summary>Frees the youngest prompt of the groups after one.</summary>
    /// <returns>False when none of them holds a prompt.</returns>
    public bool TakeForPrompt(SequenceGroup group) => DropPromptFrom(group.Order + 1);

    /// <summary>Frees every prompt but one group's.</summary>
    public void DropAllPromptsBut(SequenceGroup group)
    {
        foreach (var other in groups)
        {
            if (other != group)
            {
                pool.Free(other.Prefix);
            }
        }
    }

    /// <summary>Makes the youngest running sequence wait, without its blocks.</summary>
    public void PreemptYoungest()
    {
        var sequence = queue.YoungestRunning!;
        KeepPrompt(sequence);
        pool.Free(sequence.Table);
        queue.StopYoungest();
        sequence.Group.WaitingCount++;
        Preemptions++;
    }

    /// <summary>Shares a running sequence's prompt with its group if the group holds none.</summary>
    public void KeepPrompt(Sequence running)
    {
        var group = running.Group;
        if (group.Prefix.Length == 0)
        {
            pool.Fork(running.Table, group.PromptTokenIds.Length, group.Prefix);
            PromptHeld(group);
        }
    }

    private bool DropPromptFrom(int order)
    {
        while (_promptEnd > order)
        {
            var prefix = groups[--_promptEnd].Prefix;
            if (prefix.Length > 0)
            {
                pool.Free(prefix);
                return true;
            }
        }

        return false;
    }
}
