using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Dynamic sampling (DAPO, arXiv 2503.14476): drops groups whose rewards do not differ (population standard deviation 0),
/// reason <c>zero_spread</c>, and those whose mean reward is not inside the bounds, reason <c>mean_out_of_range</c>. A group
/// of one rollout is kept, as verl does. <see cref="Missing"/> tells how many prompts should be sampled in their place; at
/// the cap of rounds the step is trained with what there is.
/// </summary>
public sealed class DynamicSampling(DynamicSamplingSection section) : IRecompositionStage
{
    /// <summary>Most rounds of sampling in a step, the first included.</summary>
    public int MaxRounds => section.MaxRounds;

    /// <summary>How many of the wanted groups are still missing; groups that would be dropped do not count.</summary>
    public int Missing(IReadOnlyList<GradedGroup> groups, int wanted) => Math.Max(0, wanted - groups.Count(g => g.Count > 0 && Fault(g.Verdicts) is null));

    /// <inheritdoc/>
    public void Apply(RecompositionStep step)
    {
        foreach (var group in Enumerable.Range(0, step.Sampled.Count).GroupBy(i => step.Sampled[i].Prompt.Index).Select(g => g.ToList()))
        {
            if (Fault([.. group.Select(i => step.Sampled[i].Verdict)]) is { } reason)
            {
                foreach (var i in group.Where(i => step.Sampled[i].IsTrained))
                {
                    step.Decide(i, RolloutFate.Dropped, reason);
                }
            }
        }
    }

    /// <summary>Why a group is dropped; null when it is kept.</summary>
    private string? Fault(IReadOnlyList<Verdict> verdicts)
    {
        var rewards = GroupStatistics.Of(verdicts.Select(v => (double)v.Reward));
        return rewards.Count == 1 ? null
            : rewards.Variance == 0 ? "zero_spread"
            : rewards.Mean <= section.MinMean || rewards.Mean >= section.MaxMean ? "mean_out_of_range"
            : null;
    }
}
