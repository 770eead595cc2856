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
    // Of the current step, by prompt: its logged rollouts, and the places in the log of those that are given, by their index.
    private readonly Dictionary<int, (LoggedGroup Logged, int[] Places)> _given = [];
    private long _step;

    /// <summary>What the log says of a rollout that was given in the current step.</summary>
    /// <param name="prompt">Index of its prompt.</param>
    /// <param name="rollout">Its index.</param>
    /// <exception cref="KeyNotFoundException">The prompt got no rollouts in the step.</exception>
    public LoggedOutcome OutcomeOf(int prompt, int rollout)
    {
        var (logged, places) = _given[prompt];
        return logged.Outcomes[places[rollout]];
    }

    /// <inheritdoc/>
    public IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling)
    {
        if (_step != step)
        {
            _step = step;
            _given.Clear();
        }

        return new ImmediateRolloutSession(budget => Draw(step, budget));
    }

    /// <inheritdoc/>
    public GradedGroup Grade(RolloutGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        var verdicts = new Verdict[group.Rollouts.Count];
        for (var j = 0; j < verdicts.Length; j++)
        {
            var outcome = OutcomeOf(group.Prompt.Index, group.Rollouts[j].Index);
            verdicts[j] = outcome.Verdict ?? throw NoVerdict(outcome);
        }

        return new GradedGroup(group, verdicts);
    }

    private static DataException NoVerdict(LoggedOutcome outcome) => new(
        $"{outcome.Where}: the log has no reward for this rollout; set replay.verdicts to verify, with a verifier");

    private RolloutGroup Draw(long step, PromptBudget budget)
    {
        var (logged, places) = Given(step, budget.Prompt);
        var rollouts = new Rollout[budget.Rollouts];
        for (var j = 0; j < rollouts.Length; j++)
        {
            var index = budget.FirstRollout + j;
            rollouts[j] = logged.Group.Rollouts[places[index]] with { Index = index, Parent = -1, SharedLength = 0 };
        }

        return new RolloutGroup(budget.Prompt, rollouts);
    }

    private (LoggedGroup Logged, int[] Places) Given(long step, Prompt prompt)
    {
        if (!_given.TryGetValue(prompt.Index, out var given))
        {
            var logged = cursor.Find(prompt.Index)
                ?? throw new RolloutStoreException($"step {step} of the log has no rollouts of prompt '{prompt.Id}'");
            var places = Enumerable.Range(0, logged.Group.Rollouts.Count).ToArray();
            random.Stream(StreamPurpose.LoggedRollout, step, prompt.Index).Shuffle<int>(places);
            _given.Add(prompt.Index, given = (logged, places));
        }

        return given;
    }
}
