namespace RolloutLab.Core;

/// <summary>The rollouts that came of a budget.</summary>
/// <param name="Budget">What was asked for.</param>
/// <param name="Group">What came of it; a source that replays a log may have fewer rollouts than asked for.</param>
public readonly record struct FinishedGroup(PromptBudget Budget, RolloutGroup Group);

/// <summary>
/// Rollouts in the making, which take more rounds while earlier ones run. What a rollout is depends on its prompt, its
/// index and the policy only. <em>When</em> it is finished is counted in tokens, not in seconds: a round begins at the
/// time of the last group handed out, and a group is finished its longest response later, as if every rollout drew one
/// token per unit of time and there was room for all. So which groups are handed out when, and what is planned from
/// them, never depends on batch size, memory or speed. Not thread-safe.
/// </summary>
public interface IRolloutSession : IDisposable
{
    /// <summary>Rollouts that were submitted and whose groups were not handed out yet.</summary>
    int InFlight { get; }

    /// <summary>What the session cost so far.</summary>
    RolloutStatistics Statistics { get; }

    /// <summary>Adds a round of rollouts; they join those that run.</summary>
    /// <param name="round">Prompts and their rollouts, at least 1 each.</param>
    void Submit(IReadOnlyList<PromptBudget> round);

    /// <summary>
    /// Goes on until at most so many rollouts are in flight, and hands out the groups that finished, the earliest in token
    /// time first to leave.
    /// </summary>
    /// <param name="leave">Rollouts that may stay in flight, at least 0; with 0 every group is handed out.</param>
    /// <param name="progress">Told the number of rollouts the session has finished now and then; may be null.</param>
    /// <param name="cancellation">Stops between decode steps with <see cref="OperationCanceledException"/>; the session is then to be disposed.</param>
    /// <returns>What finished, in the order in which it was submitted; a prompt of two rounds has two groups.</returns>
    IReadOnlyList<FinishedGroup> Advance(int leave, IProgress<int>? progress, CancellationToken cancellation);
}
