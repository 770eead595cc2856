using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>Graded groups as advantage estimators see them.</summary>
/// <param name="partWeights">Weight of each part of a verdict's reward; empty where rewards have one part.</param>
public sealed class RewardGroups(IReadOnlyList<double> partWeights)
{
    /// <summary>One reward group for each graded group, in their order.</summary>
    /// <param name="groups">The step's graded groups.</param>
    /// <param name="baselines">A baseline for each group, such as the reward of its greedy answer; null for none.</param>
    public IReadOnlyList<RewardGroup> Of(IReadOnlyList<GradedGroup> groups, IReadOnlyList<double>? baselines = null) =>
        [.. groups.Select((g, i) => Of(g, baselines?[i]))];

    private RewardGroup Of(GradedGroup graded, double? baseline)
    {
        var (rewards, lengths, paths) = (new double[graded.Count], new int[graded.Count], new int[graded.Count][]);
        var parts = 0;
        for (var i = 0; i < rewards.Length; i++)
        {
            var (verdict, rollout) = (graded.Verdicts[i], graded.Group.Rollouts[i]);
            (rewards[i], lengths[i], paths[i]) = (verdict.Reward, rollout.Length, rollout.TokenIds);
            parts = Math.Max(parts, verdict.Parts.Count);
        }

        return new RewardGroup
        {
            // A question with examples before it is another question to an estimator that remembers success rates.
            Key = graded.Group.Prompt.Examples.Length == 0 ? graded.Group.Prompt.Id : graded.Group.Prompt.Id + " with examples",
            Rewards = rewards,
            Lengths = lengths,
            Components = [.. Enumerable.Range(0, parts).Select(k =>
                graded.Verdicts.Select(v => k < v.Parts.Count ? (double)v.Parts[k] : double.NaN).ToArray())],
            ComponentWeights = [.. partWeights],
            Baselines = baseline is { } value ? [.. graded.Verdicts.Select(_ => value)] : [],
            Paths = paths,
        };
    }
}
