using System.Diagnostics;

namespace RolloutLab.Engine;

/// <summary>
/// Who runs in the next step. Running sequences come first, oldest first; waiting ones join, oldest first, while there
/// is room; what is left of the step's tokens computes the prompts of the groups that come next. When blocks run out,
/// the youngest holder gives its blocks back and is recomputed later, so the oldest sequence always advances and every
/// load ends. Who runs beside whom, and who is recomputed, never changes a draw.
/// </summary>
internal sealed class Scheduler
{
    private readonly KvBlockPool _pool;
    private readonly StepBuilder _builder;
    private readonly EngineOptions _options;
    private readonly IReadOnlyList<SequenceGroup> _groups;
    private readonly SequenceQueue _queue = new();
    private readonly BlockReclaimer _reclaimer;
    private int _tokensLeft;

    /// <summary>Creates the scheduler of one run; all sequences wait.</summary>
    /// <param name="pool">The KV blocks, enough for one sequence of the greatest length.</param>
    /// <param name="builder">Where steps are written.</param>
    /// <param name="options">Limits of a step.</param>
    /// <param name="groups">The groups, oldest first.</param>
    public Scheduler(KvBlockPool pool, StepBuilder builder, EngineOptions options, IReadOnlyList<SequenceGroup> groups)
    {
        (_pool, _builder, _options, _groups) = (pool, builder, options, groups);
        _reclaimer = new BlockReclaimer(pool, _queue, groups);
        foreach (var group in groups)
        {
            foreach (var sequence in group.Members)
            {
                _queue.Add(sequence);
            }
        }
    }

    /// <summary>Times a sequence lost its blocks.</summary>
    public long Preemptions => _reclaimer.Preemptions;

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
            throw new UnreachableException("The oldest sequence did not advance.");
        }

        _builder.Seal();
        return true;
    }

    /// <summary>Takes a sequence that has just ended out of the batch and frees its blocks.</summary>
    public void Finish(Sequence sequence)
    {
        var wasRunning = sequence.Table.Length > 0;
        _pool.Free(sequence.Table);
        _queue.Remove(sequence, wasRunning);
        if (!wasRunning && --sequence.Group.WaitingCount == 0)
        {
            _pool.Free(sequence.Group.Prefix);
        }
    }

    /// <summary>Frees every block, however the run ended.</summary>
    public void Release()
    {
        foreach (var group in _groups)
        {
            _pool.Free(group.Prefix);
            foreach (var sequence in group.Members)
            {
                _pool.Free(sequence.Table);
            }
        }
    }

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
            if (!TryAdvance(sequence))
            {
                _reclaimer.PreemptYoungest();
                return;
            }

            sequence = sequence.Younger;
        }
    }

    /// <summary>Starts waiting sequences whose prompt is computed, strictly by age.</summary>
    private void StartWaiting()
    {
        while (_tokensLeft > 0 && _queue.RunningCount < _options.MaxRunningSequences && _queue.NextWaiting is { } sequence)
        {
            var group = sequence.Group;
            if (group.Prefix.Length < group.PromptTokenIds.Length)
            {
                return;
            }

            _pool.Fork(group.Prefix, group.Prefix.Length, sequence.Table);
            var needed = _pool.BlocksToAppend(sequence.Table, sequence.PendingTokens);
            if (!HasRoom(needed, _queue.RunningCount))
            {
                _pool.Free(sequence.Table);
                return;
            }

            _queue.Start();
            if (--group.WaitingCount == 0)
            {
                // Nobody else needs the prompt. Freed first, so that the last sequence takes its partial block uncopied.
                _pool.Free(group.Prefix);
            }

            if (!TryAdvance(sequence))
            {
                throw new UnreachableException("A sequence started without room.");
            }
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
                && (claimed >= _options.MaxRunningSequences || !HasRoom(_pool.BlocksFor(group.PromptTokenIds.Length), claimed)))
            {
                return;
            }

            if (group.Prefix.Length < group.PromptTokenIds.Length && !TryAdvancePrompt(group))
            {
                return;
            }

            startable += group.WaitingCount;
        }
    }

    /// <summary>
    /// Whether something may join: it must fit and leave each of <paramref name="others"/> a block to grow into, or it
    /// would soon be preempted again. Who is alone always joins and takes what it needs from the younger.
    /// </summary>
    private bool HasRoom(int blocks, int others) => others == 0 || blocks + others <= _pool.FreeCount;

    private bool TryAdvance(Sequence sequence)
    {
        var pending = sequence.PendingTokens;
        var tokens = Math.Min(pending, _tokensLeft);
        while (_pool.BlocksToAppend(sequence.Table, tokens) > _pool.FreeCount)
        {
            if (!_reclaimer.TakeFor(sequence))
            {
                return false;
            }
        }

        AddRow(sequence.Table, tokens, sequence.Group, sequence.TokenIds);
        if (tokens == pending)
        {
            _builder.AddDraw(sequence);
        }

        return true;
    }

    private bool TryAdvancePrompt(SequenceGroup group)
    {
        var pending = group.PromptTokenIds.Length - group.Prefix.Length;
        var tokens = Math.Min(pending, _tokensLeft);
        while (_pool.BlocksToAppend(group.Prefix, tokens) > _pool.FreeCount)
        {
            if (!_reclaimer.TakeForPrompt(group))
            {
                return false;
            }
        }

        _reclaimer.PromptHeld(group);
        AddRow(group.Prefix, tokens, group, []);
        if (tokens == pending && !group.HasFirstTokens)
        {
            group.HasFirstTokens = true;
            foreach (var sequence in group.Members)
            {
                _builder.AddDraw(sequence);
            }
        }

        return true;
    }

    private void AddRow(KvBlockTable table, int tokens, SequenceGroup group, ReadOnlySpan<int> response)
    {
        if (!_pool.TryAppend(table, tokens, out var copy))
        {
            throw new UnreachableException("A row was added without room.");
        }

        if (copy is { } made)
        {
            _builder.AddCopy(made);
        }

        _builder.AddRow(table, tokens, group.PromptTokenIds, response);
        _tokensLeft -= tokens;
    }
}
