namespace RolloutLab.Engine;

/// <summary>
/// The unfinished sequences by age, as a linked list through the sequences themselves. The running ones are always the
/// oldest: the oldest waiting one starts next and the youngest running one is preempted next, so one boundary tells
/// both apart. Every operation is O(1).
/// </summary>
internal sealed class SequenceQueue
{
    private Sequence? _youngest;

    /// <summary>The oldest unfinished sequence.</summary>
    public Sequence? Oldest { get; private set; }

    /// <summary>The oldest sequence that does not run: the next to start.</summary>
    public Sequence? NextWaiting { get; private set; }

    /// <summary>Number of running sequences.</summary>
    public int RunningCount { get; private set; }

    /// <summary>The next sequence to preempt; null when none runs.</summary>
    public Sequence? YoungestRunning => NextWaiting is null ? _youngest : NextWaiting.Older;

    /// <summary>Adds a waiting sequence, younger than all others.</summary>
    public void Add(Sequence sequence)
    {
        Link(_youngest, sequence);
        NextWaiting ??= sequence;
    }

    /// <summary>Adds a running sequence, next younger than a running one.</summary>
    public void AddRunningAfter(Sequence running, Sequence sequence)
    {
        Link(running, sequence);
        RunningCount++;
    }

    /// <summary>Adds a waiting sequence, next younger than a waiting one.</summary>
    public void AddWaitingAfter(Sequence waiting, Sequence sequence) => Link(waiting, sequence);

    /// <summary>Adds a waiting sequence that starts next.</summary>
    public void AddNext(Sequence sequence)
    {
        Link(YoungestRunning, sequence);
        NextWaiting = sequence;
    }

    /// <summary>Makes a waiting sequence the one that starts next.</summary>
    public void MakeNext(Sequence waiting)
    {
        Remove(waiting, wasRunning: false);
        AddNext(waiting);
    }

    /// <summary>Turns <see cref="NextWaiting"/> into a running sequence.</summary>
    public void Start()
    {
        NextWaiting = NextWaiting!.Younger;
        RunningCount++;
    }

    /// <summary>Turns <see cref="YoungestRunning"/> into a waiting sequence.</summary>
    public void StopYoungest()
    {
        NextWaiting = YoungestRunning;
        RunningCount--;
    }

    /// <summary>Takes a sequence out.</summary>
    public void Remove(Sequence sequence, bool wasRunning)
    {
        if (NextWaiting == sequence)
        {
            NextWaiting = sequence.Younger;
        }

        if (wasRunning)
        {
            RunningCount--;
        }

        if (sequence.Older is null)
        {
            Oldest = sequence.Younger;
        }
        else
        {
            sequence.Older.Younger = sequence.Younger;
        }

        if (sequence.Younger is null)
        {
            _youngest = sequence.Older;
        }
        else
        {
            sequence.Younger.Older = sequence.Older;
        }

        (sequence.Older, sequence.Younger, sequence.IsQueued) = (null, null, false);
    }

    private void Link(Sequence? older, Sequence sequence)
    {
        var younger = older is null ? Oldest : older.Younger;
        (sequence.Older, sequence.Younger, sequence.IsQueued) = (older, younger, true);
        if (older is null)
        {
            Oldest = sequence;
        }
        else
        {
            older.Younger = sequence;
        }

        if (younger is null)
        {
            _youngest = sequence;
        }
        else
        {
            younger.Older = sequence;
        }
    }
}
