namespace RolloutLab.Core;

/// <summary>The session of a source that has every rollout at once: only the time at which it is handed out is counted in tokens.</summary>
/// <param name="make">Makes the group of one budget.</param>
public sealed class ImmediateRolloutSession(Func<PromptBudget, RolloutGroup> make) : IRolloutSession
{
    private readonly PriorityQueue<Pending, (long Finish, int Order)> _pending = new();
    private long _now;
    private long _tokens;
    private int _submitted;
    private int _finished;

    /// <inheritdoc/>
    public int InFlight { get; private set; }

    /// <inheritdoc/>
    public RolloutStatistics Statistics => new(_tokens, _tokens, 0, 0);

    /// <inheritdoc/>
    public void Submit(IReadOnlyList<PromptBudget> round)
    {
        ArgumentNullException.ThrowIfNull(round);
        foreach (var budget in round)
        {
            var group = make(budget);
            var longest = 0;
            foreach (var rollout in group.Rollouts)
            {
                longest = Math.Max(longest, rollout.Length);
                _tokens += rollout.Length - rollout.SharedLength;
            }

            var order = _submitted++;
            _pending.Enqueue(new Pending(order, new FinishedGroup(budget, group)), (_now + longest, order));
            InFlight += budget.Rollouts;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<FinishedGroup> Advance(int leave, IProgress<int>? progress, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var done = new List<Pending>();
        while (InFlight > leave && _pending.TryDequeue(out var next, out var at))
        {
            done.Add(next);
            InFlight -= next.Finished.Budget.Rollouts;
            _finished += next.Finished.Budget.Rollouts;
            _now = at.Finish;
        }

        progress?.Report(_finished);
        done.Sort((x, y) => x.Order.CompareTo(y.Order));
        return done.ConvertAll(p => p.Finished);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private readonly record struct Pending(int Order, FinishedGroup Finished);
}
