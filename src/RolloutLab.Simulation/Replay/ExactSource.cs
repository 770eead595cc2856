using RolloutLab.Core;

namespace RolloutLab.Simulation;

/// <summary>
/// Gives the rollouts of a run's own log back as the engine made them: the same indices in the same rounds, with their trees
/// and with what they cost.
/// </summary>
/// <param name="cursor">Where the replay is.</param>
public sealed class ExactSource(LogCursor cursor) : IRolloutSource
{
    private long _costTold;

    /// <inheritdoc/>
    public IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling)
    {
        cursor.MoveTo(step);

        // The log knows what the step cost as a whole; a step that samples again opens a second session.
        var cost = _costTold == step ? null : cursor.Current?.Facts?.Statistics;
        _costTold = step;
        return new Session(new ImmediateRolloutSession(budget => Take(step, budget)), cost ?? new RolloutStatistics(0, 0, 0, 0));
    }

    private RolloutGroup Take(long step, PromptBudget budget)
    {
        var logged = cursor.Find(budget.Prompt.Index);
        if (logged is null || logged.Group.Rollouts.Count < budget.FirstRollout + budget.Rollouts)
        {
            throw new RolloutStoreException(
                $"step {step} of the log has {logged?.Group.Rollouts.Count ?? 0} rollouts of prompt '{budget.Prompt.Id}', the recipe plans "
                + $"{budget.FirstRollout + budget.Rollouts}: it is not the log of this recipe; name another with --recipe to ask what it would have done");
        }

        return new RolloutGroup(budget.Prompt, [.. logged.Group.Rollouts.Where(r => r.Index >= budget.FirstRollout && r.Index < budget.FirstRollout + budget.Rollouts)])
        {
            Tree = RoundTree.Of(logged.Group.Tree, budget.FirstRollout, budget.FirstRollout + budget.Rollouts, logged.Group.Rollouts.Count),
        };
    }

    /// <summary>A session whose cost is the log's.</summary>
    private sealed class Session(ImmediateRolloutSession rollouts, RolloutStatistics cost) : IRolloutSession
    {
        public int InFlight => rollouts.InFlight;

        public RolloutStatistics Statistics => cost;

        public void Submit(IReadOnlyList<PromptBudget> round) => rollouts.Submit(round);

        public IReadOnlyList<FinishedGroup> Advance(int leave, IProgress<int>? progress, CancellationToken cancellation) =>
            rollouts.Advance(leave, progress, cancellation);

        public void Dispose() => rollouts.Dispose();
    }
}
