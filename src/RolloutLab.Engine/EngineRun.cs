using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>
/// One run of an engine. Groups may be added at any time and join the batch. A group is finished, in token time, its longest
/// row later than it was added, and groups are handed out in that order; see <see cref="IRolloutSession"/>.
/// </summary>
public sealed class EngineRun : IDisposable
{
    private readonly KvBlockPool _pool;
    private readonly StepBuilder _builder;
    private readonly StepExecutor _executor;
    private readonly Action<SequenceGroup, int> _admit;
    private readonly Action _ended;
    private readonly List<SequenceGroup> _groups = [];
    private readonly List<SequenceGroup> _growing = [];
    private readonly PriorityQueue<SequenceGroup, (long Finish, int Order)> _finished = new();
    private readonly Scheduler _scheduler;
    private readonly BranchDecisions _decisions;
    private readonly Predicate<SequenceGroup> _tryFinish;
    private long _now;
    private long _computed;
    private int _leavesFinished;
    private int _told;
    private bool _isDisposed;

    internal EngineRun(
        KvBlockPool pool, StepBuilder builder, StepExecutor executor, EngineOptions options, Action<SequenceGroup, int> admit, Action ended)
    {
        (_pool, _builder, _executor, _admit, _ended) = (pool, builder, executor, admit, ended);
        _scheduler = new Scheduler(pool, builder, options, _groups);
        _decisions = new BranchDecisions(_scheduler.Starting);
        _tryFinish = TryFinish;
    }

    /// <summary>Responses wanted of the groups that were not handed out yet.</summary>
    public int InFlight { get; private set; }

    /// <summary>What the run cost so far.</summary>
    public RolloutStatistics Statistics => new(_groups.Sum(g => g.TokensGenerated), _computed, _scheduler.Preemptions, _pool.PeakUsed);

    /// <summary>Adds groups; the first ones run first, after those added before.</summary>
    /// <param name="groups">The groups, each new.</param>
    /// <exception cref="DataException">A prompt leaves no room for a response in the model's context, or has an unknown token.</exception>
    /// <exception cref="KvCacheExhaustedException">The KV memory cannot hold one sequence of the greatest length asked for.</exception>
    /// <exception cref="ArgumentException">A group was given to an engine before.</exception>
    public void Add(IReadOnlyList<SequenceGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        for (var i = 0; i < groups.Count; i++)
        {
            _admit(groups[i], _groups.Count + i);
        }

        foreach (var group in groups)
        {
            group.Grower.Start(group.Tree);
        }

        foreach (var group in groups)
        {
            group.StartTime = _now;
            InFlight += group.Leaves;
            _groups.Add(group);
            _growing.Add(group);
            _scheduler.Add(group);
        }
    }

    /// <summary>Generates until at most so many responses are in flight; those of the groups handed out are in their sequences.</summary>
    /// <param name="leave">Responses that may stay in flight, at least 0.</param>
    /// <param name="progress">Told the number of finished sequences after each step that raised it; may be null.</param>
    /// <param name="cancellation">Stops between steps with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The groups that finished, in the order in which they were added.</returns>
    public IReadOnlyList<SequenceGroup> Advance(int leave, IProgress<int>? progress, CancellationToken cancellation)
    {
        var done = new List<SequenceGroup>();
        while (InFlight > leave)
        {
            if (NextFinished() is { } group)
            {
                InFlight -= group.Leaves;
                done.Add(group);
                continue;
            }

            if (!_scheduler.Schedule())
            {
                throw Unfinished();
            }

            cancellation.ThrowIfCancellationRequested();
            TakeTokens(_executor.Execute());
            _decisions.Decide();
            _computed += _builder.Step.TokenCount;
            _growing.RemoveAll(_tryFinish);
            Tell(progress);
        }

        done.Sort((x, y) => x.Order.CompareTo(y.Order));
        return done;
    }

    /// <summary>Ends the run; the KV memory is free again.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _scheduler.Release();
            _builder.Clear();
            _ended();
        }
    }

    /// <summary>The group that finished next in token time; null while one that still grows may yet be before it.</summary>
    private SequenceGroup? NextFinished()
    {
        if (!_finished.TryPeek(out var group, out var at))
        {
            return null;
        }

        foreach (var other in _growing)
        {
            if ((other.StartTime + other.LongestRow, other.Order).CompareTo(at) < 0)
            {
                return null;
            }
        }

        _now = at.Finish;
        return _finished.Dequeue();
    }

    /// <summary>Gives each row its drawn token, or keeps the draw for the branch policy that decides there.</summary>
    private void TakeTokens(ReadOnlySpan<SampledToken> sampled)
    {
        var drawing = _builder.Drawing;
        var topCount = _builder.Step.TopCount;
        for (var draw = 0; draw < drawing.Length; draw++)
        {
            var sequence = drawing[draw];
            var tree = sequence.Group.Tree;
            if (GrowingTree.IsAtHold(sequence))
            {
                tree.Hold(sequence, sampled[draw], _builder.Step.Top.AsSpan(draw * topCount, topCount));
                _decisions.Note(sequence.Group);
                continue;
            }

            sequence.Append(sampled[draw], TokenOrigin.Sampled);
            if (sequence.FinishReason is not null)
            {
                tree.Finish(sequence);
                _decisions.Note(sequence.Group);
            }
        }
    }

    /// <summary>Notes when a group finished; whether it has.</summary>
    private bool TryFinish(SequenceGroup group)
    {
        if (!group.Tree.IsSettled || group.Tree.GrowingCount > 0)
        {
            return false;
        }

        CheckLeaves(group);
        _leavesFinished += group.Leaves;
        _finished.Enqueue(group, (group.StartTime + group.LongestRow, group.Order));
        return true;
    }

    private void Tell(IProgress<int>? progress)
    {
        if (progress is not null && _leavesFinished + _growing.Sum(g => g.Tree.FinishedCount) is var finished && finished > _told)
        {
            _told = finished;
            progress.Report(finished);
        }
    }

    private InvalidOperationException Unfinished()
    {
        foreach (var group in _growing)
        {
            CheckLeaves(group);
        }

        return new InvalidOperationException("The branch policy never settled a tree all of whose responses have ended.");
    }

    private static void CheckLeaves(SequenceGroup group)
    {
        if (group.Tree.FinishedCount != group.Leaves)
        {
            throw new InvalidOperationException(
                $"The branch policy left {group.Tree.FinishedCount} responses to prompt '{group.PromptId}' where {group.Leaves} are wanted.");
        }
    }
}
