using System.Diagnostics;

namespace RolloutLab.Engine;

/// <summary>
/// Who runs in the next step. Running sequences come first, oldest first; waiting ones join, oldest first, while there
/// is room; what is left of the step's tokens computes the prompts of the groups that come next. When blocks run out,
/// the youngest holder gives its blocks back and is recomputed later, so the oldest sequence always advances and every
/// load ends. Before anyone gives blocks back, those kept for prompts to come are. Who runs beside whom, and who is recomputed, never changes a draw. A sequence that waits for its branch
/// policy keeps its blocks but is passed over; should such ones alone hold the blocks that the ones they wait for need,
/// all give them back.
/// </summary>
internal sealed class Scheduler
{
    private readonly KvBlockPool _pool;
    private readonly StepBuilder _builder;
    private readonly EngineOptions _options;
    private readonly IReadOnlyList<SequenceGroup> _groups;
    private readonly SequenceQueue _queue = new();
    private readonly BlockReclaimer _reclaimer;
    private readonly PrefixCache _prefixes;
    private readonly StartingOrder _starting;
    private int _tokensLeft;

    /// <summary>Creates the scheduler of one run.</summary>
    /// <param name="pool">The KV blocks, enough for one sequence of the greatest length.</param>
    /// <param name="builder">Where steps are written.</param>
    /// <param name="options">Limits of a step.</param>
    /// <param name="groups">The run's groups, oldest first; each is added to the scheduler too.</param>
    public Scheduler(KvBlockPool pool, StepBuilder builder, EngineOptions options, IReadOnlyList<SequenceGroup> groups)
    {
        (_pool, _builder, _options, _groups) = (pool, builder, options, groups);
        _reclaimer = new BlockReclaimer(pool, _queue, groups);
        _prefixes = new PrefixCache(pool);
        _starting = new StartingOrder(_queue, options.MaxRunningSequences);
    }

    /// <summary>Which waiting sequence starts next; to be told when a tree's number of free places changes.</summary>
    public StartingOrder Starting => _starting;

    /// <summary>Times a sequence lost its blocks.</summary>
    public long Preemptions => _reclaimer.Preemptions;

    /// <summary>Takes in the last of the run's groups; its sequences wait, younger than all others.</summary>
    public void Add(SequenceGroup group)
    {
        group.Tree.Scheduler = this;
        foreach (var sequence in group.Sequences)
        {
            _queue.Add(sequence);
            group.WaitingCount++;
        }
    }

    /// <summary>Writes the next step; false when every sequence is finished.</summary>
    public bool Schedule()
    {
        if (_queue.Oldest is null)
        {
            return false;
        }

        _builder.Clear();
        _tokensLeft = _options.MaxTokensPerStep;
        RestorePrompt();
        ScheduleRunning();
        StartWaiting();
        SchedulePrompts();
        if (_builder.Step.TokenCount == 0)
        {
            StartHeldUp();
        }

        _builder.Seal();
        return true;
    }

    /// <summary>
    /// Takes in a sequence that a branch policy has begun. It runs at once, on the blocks of the one it forked from, if
    /// that one runs; else it starts as the next one.
    /// </summary>
    public void Join(Sequence sequence)
    {
        var parent = sequence.Fork.Parent;
        if (parent is { IsQueued: true, Table.Length: > 0 })
        {
            _pool.Fork(parent.Table, Math.Min(parent.Table.Length, Shareable(sequence)), sequence.Table);
            _queue.AddRunningAfter(parent, sequence);
            return;
        }

        sequence.Group.WaitingCount++;
        if (parent is { IsQueued: true })
        {
            _queue.AddWaitingAfter(parent, sequence);
        }
        else
        {
            _queue.AddNext(sequence);
        }
    }

    /// <summary>Takes a sequence that has ended or was removed out of the batch and frees its blocks.</summary>
    public void Leave(Sequence sequence)
    {
        var wasRunning = sequence.Table.Length > 0;
        _pool.Free(sequence.Table);
        _queue.Remove(sequence, wasRunning);
        if (!wasRunning)
        {
            sequence.Group.WaitingCount--;
            FreeUnneededPrompt(sequence.Group);
        }
    }

    /// <summary>A group will get no more sequences.</summary>
    public void Settled(SequenceGroup group) => FreeUnneededPrompt(group);

    /// <summary>Frees every block, however the run ended.</summary>
    public void Release()
    {
        _prefixes.Clear();
        foreach (var group in _groups)
        {
            _pool.Free(group.Prefix);
            foreach (var sequence in group.Sequences)
            {
                _pool.Free(sequence.Table);
            }
        }
    }

    /// <summary>Positions of a sequence that can be shared: all but the one whose logits its next token is drawn from.</summary>
    private static int Shareable(Sequence sequence) => sequence.Group.PromptTokenIds.Length + sequence.Length - 1;

    /// <summary>
    /// A group that lost its prompt but still has a running sequence gets the prompt back from it. Done before any
    /// block is copied in this step, so that no copy reads what another one wrote.
    /// </summary>
    private void RestorePrompt()
    {
        if (_queue.NextWaiting is { } waiting && _queue.YoungestRunning is { } running && running.Group == waiting.Group)
        {
            _reclaimer.KeepPrompt(running);
        }
    }

    private void ScheduleRunning()
    {
        // The boundary moves towards the oldest while sequences are preempted, never past the one at hand.
        var sequence = _queue.Oldest;
        while (sequence is not null && sequence != _queue.NextWaiting && _tokensLeft > 0)
        {
            sequence.ReadyLength = sequence.Table.Length;
            if (sequence.Held is null && !TryAdvance(sequence))
            {
                _reclaimer.PreemptYoungest();
                return;
            }

            sequence = sequence.Younger;
        }
    }

    /// <summary>Starts waiting sequences whose prompt is computed, by age.</summary>
    private void StartWaiting()
    {
        while (_tokensLeft > 0 && _starting.Next() is { } sequence)
        {
            var group = sequence.Group;
            if (group.Prefix.Length < group.PromptTokenIds.Length)
            {
                return;
            }

            if (!group.IsPrefixKept)
            {
                group.IsPrefixKept = true;
                _prefixes.Keep(group.PromptTokenIds, group.Prefix);
            }

            Share(sequence);
            var needed = _pool.BlocksToAppend(sequence.Table, sequence.PendingTokens);
            if (!HasRoom(needed, _queue.RunningCount))
            {
                _pool.Free(sequence.Table);
                return;
            }

            _queue.Start();
            group.WaitingCount--;
            _starting.Started(group);

            // Freed first, so that the last sequence takes its partial block uncopied.
            FreeUnneededPrompt(group);
            if (!TryAdvance(sequence))
            {
                throw new UnreachableException("A sequence started without room.");
            }
        }
    }

    /// <summary>Gives a sequence that starts the computed blocks of a running one it forked from, else its prompt's.</summary>
    private void Share(Sequence sequence)
    {
        var group = sequence.Group;
        var limit = Shareable(sequence);
        for (var (child, parent) = (sequence, sequence.Fork.Parent); parent is not null; (child, parent) = (parent, parent.Fork.Parent))
        {
            limit = Math.Min(limit, group.PromptTokenIds.Length + child.Fork.Length);

            // Full blocks only: a block that is copied in this step must not have been written in it.
            var length = parent.Table.Length == 0 ? 0 : Math.Min(limit, parent.ReadyLength) / _pool.BlockSize * _pool.BlockSize;
            if (length > group.Prefix.Length)
            {
                _pool.Fork(parent.Table, length, sequence.Table);
                break;
            }
        }

        if (sequence.Table.Length == 0)
        {
            _pool.Fork(group.Prefix, Math.Min(group.Prefix.Length, limit), sequence.Table);
        }

        sequence.ReadyLength = sequence.Table.Length;
    }

    /// <summary>
    /// Nothing could be scheduled: the running sequences all wait for others that lack the blocks. They give all blocks
    /// back, and the first one that waits for no decision starts.
    /// </summary>
    private void StartHeldUp()
    {
        while (_queue.RunningCount > 0)
        {
            _reclaimer.PreemptYoungest();
        }

        var next = _queue.Oldest;
        while (next?.Held is not null)
        {
            next = next.Younger;
        }

        _queue.MakeNext(next ?? throw new UnreachableException("Every sequence waits for a decision."));
        _reclaimer.DropAllPromptsBut(next.Group);
        StartWaiting();
        SchedulePrompts();
        if (_builder.Step.TokenCount == 0)
        {
            throw new UnreachableException("The oldest sequence did not advance.");
        }
    }

    /// <summary>Frees a prompt that no sequence waits for and none will.</summary>
    private void FreeUnneededPrompt(SequenceGroup group)
    {
        if (group.WaitingCount == 0 && group.Tree.IsSettled)
        {
            _pool.Free(group.Prefix);
        }
    }

    /// <summary>Computes prompts of the groups whose sequences start next, as far as sequences could start.</summary>
    private void SchedulePrompts()
    {
        if (_queue.NextWaiting is not { } waiting)
        {
            return;
        }

        var startable = 0;
        for (var order = waiting.Group.Order; order < _groups.Count && _tokensLeft > 0; order++)
        {
            var group = _groups[order];
            if (group.WaitingCount == 0)
            {
                continue;
            }

            var claimed = _queue.RunningCount + startable;
            if (group.Prefix.Length == 0
                && (_starting.IsFull(claimed) || !HasRoom(_pool.BlocksFor(group.PromptTokenIds.Length), claimed)))
            {
                return;
            }

            if (group.Prefix.Length < group.PromptTokenIds.Length && !TryAdvancePrompt(group))
            {
                return;
            }

            startable += group.WaitingCount + (group.HasStarted ? 0 : group.Tree.Unborn);
        }
    }

    /// <summary>
    /// Whether something may join: it must fit and leave each of <paramref name="others"/> a block to grow into, or it
    /// would soon be preempted again. Who is alone always joins and takes what it needs from the younger.
    /// </summary>
    private bool HasRoom(int blocks, int others) => others == 0 || _prefixes.MakeRoom(blocks + others);

    private bool TryAdvance(Sequence sequence)
    {
        var pending = sequence.PendingTokens;
        var tokens = Math.Min(pending, _tokensLeft);
        while (!_prefixes.MakeRoom(_pool.BlocksToAppend(sequence.Table, tokens)))
        {
            if (!_reclaimer.TakeFor(sequence))
            {
                return false;
            }
        }

        AddRow(sequence.Table, tokens, sequence.Group, sequence);
        if (tokens == pending)
        {
            _builder.AddDraw(sequence);
        }

        return true;
    }

    private bool TryAdvancePrompt(SequenceGroup group)
    {
        if (group.Prefix.Length == 0)
        {
            _prefixes.Share(group.PromptTokenIds, group.Prefix);
        }

        _reclaimer.PromptHeld(group);
        var pending = group.PromptTokenIds.Length - group.Prefix.Length;
        var tokens = Math.Min(pending, _tokensLeft);
        while (!_prefixes.MakeRoom(_pool.BlocksToAppend(group.Prefix, tokens)))
        {
            if (!_reclaimer.TakeForPrompt(group))
            {
                return false;
            }
        }

        AddRow(group.Prefix, tokens, group, null);
        if (tokens == pending && !group.HasFirstTokens)
        {
            group.HasFirstTokens = true;
            foreach (var sequence in group.Sequences)
            {
                _builder.AddDraw(sequence);
            }
        }

        return true;
    }

    private void AddRow(KvBlockTable table, int tokens, SequenceGroup group, Sequence? sequence)
    {
        if (!_pool.TryAppend(table, tokens, out var copy))
        {
            throw new UnreachableException("A row was added without room.");
        }

        if (copy is { } made)
        {
            _builder.AddCopy(made);
        }

        _builder.AddRow(table, tokens, group.PromptTokenIds, sequence);
        _tokensLeft -= tokens;
    }
}
