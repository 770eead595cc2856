using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>
/// Draws rollouts from a log without replacement: the order in which a prompt's logged rollouts are given out is a permutation
/// keyed by step and prompt, so each is given at most once in a step and no allocator sees the log's own order. As a grader it
/// gives the log's verdicts. Branches are not kept: a part of a tree is no tree.
/// </summary>
/// <param name="cursor">Where the replay is.</param>
/// <param name="random">The replay's random streams.</param>
public sealed class LoggedSource(LogCursor cursor, RandomStreams random) : IRolloutSource, IGrader
{
    private readonly Dictionary<Rollout, LoggedOutcome> _outcomes = new(ReferenceEqualityComparer.Instance);
    private long _step;

    /// <summary>What the log says of a rollout that was given in the current step.</summary>
    public LoggedOutcome OutcomeOf(Rollout rollout) => _outcomes[rollout];

    /// <inheritdoc/>
    public IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling)
    {
        if (_step != step)
        {
            _step = step;
            _outcomes.Clear();
        }

        return new ImmediateRolloutSession(budget => Draw(step, budget));
    }

    /// <inheritdoc/>
    public GradedGroup Grade(RolloutGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return new GradedGroup(group, [.. group.Rollouts.Select(r => _outcomes[r].Verdict ?? throw NoVerdict(_outcomes[r]))]);
    }

    private static DataException NoVerdict(LoggedOutcome outcome) => new(
        $"{outcome.Where}: the log has no reward for this rollout; set replay.verdicts to verify, with a verifier");

    private RolloutGroup Draw(long step, PromptBudget budget)
    {
        var logged = cursor.Find(budget.Prompt.Index)
            ?? throw new RolloutStoreException($"step {step} of the log has no rollouts of prompt '{budget.Prompt.Id}'");
        var order = Enumerable.Range(0, logged.Group.Rollouts.Count).ToArray();
        random.Stream(StreamPurpose.LoggedRollout, step, budget.Prompt.Index).Shuffle<int>(order);
        var rollouts = new Rollout[budget.Rollouts];
        for (var j = 0; j < rollouts.Length; j++)
        {
            var place = order[budget.FirstRollout + j];
            var rollout = logged.Group.Rollouts[place] with { Index = budget.FirstRollout + j, Parent = -1, SharedLength = 0 };
            rollouts[j] = rollout;
            _outcomes.Add(rollout, logged.Outcomes[place]);
        }

        return new RolloutGroup(budget.Prompt, rollouts);
    }
}
