using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>ReMax (arXiv 2310.10505): the reward of the greedy answer to each plain prompt, one rollout a prompt beside the budget.</summary>
/// <param name="source">Makes the rollouts.</param>
/// <param name="grader">Grades them as the training's.</param>
public sealed class GreedyBaselines(IRolloutSource source, Grader grader)
{
    /// <summary>One reward for each group; NaN where the verifier failed.</summary>
    public (IReadOnlyList<double> Rewards, SideWork Work) Of(long step, IReadOnlyList<GradedGroup> groups, SamplingParameters sampling, PhaseClock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var greedy = sampling with { Temperature = 0, TopK = 0, TopP = 1, MinP = 0 };
        var request = new RolloutRequest(step, RolloutPurpose.Beside, [.. groups.Select(g => new PromptBudget(g.Group.Prompt, 0, 1))], greedy);
        var result = clock.Time(Phase.Rollout, () => source.Generate(request, null, CancellationToken.None));
        var rewards = clock.Time(Phase.Verify, () => result.Groups.Select(g => (double)grader.Grade(g).Verdicts[0].Reward).ToList());
        var known = rewards.Where(r => !double.IsNaN(r)).DefaultIfEmpty(0).Average();
        return (rewards, new SideWork(rewards.Count, result.Statistics, [new("critic/greedy_reward/mean", known)]));
    }
}
