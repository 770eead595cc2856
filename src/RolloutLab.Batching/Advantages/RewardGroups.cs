using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>Graded groups as advantage estimators see them.</summary>
/// <param name="partWeights">Weight of each part of a verdict's reward; empty where rewards have one part.</param>
public sealed class RewardGroups(IReadOnlyList<double> partWeights)
{
    /// <summary>One reward group for each graded group, in their order.</summary>
    /// <param name="groups">The step's graded groups.</param>
    /// <param name="evidence">What is known of each group besides its rewards; null for nothing.</param>
    public IReadOnlyList<RewardGroup> Of(IReadOnlyList<GradedGroup> groups, IReadOnlyList<GroupEvidence>? evidence = null) =>
        [.. groups.Select((g, i) => Of(g, evidence?[i]))];

    private RewardGroup Of(GradedGroup graded, GroupEvidence? evidence)
    {
        var (rewards, lengths, paths) = (new double[graded.Count], new int[graded.Count], new int[graded.Count][]);
        var parts = 0;
        for (var i = 0; i < rewards.Length; i++)
        {
            var (verdict, rollout) = (graded.Verdicts[i], graded.Group.Rollouts[i]);
            var penalty = evidence is { Penalties.Length: > 0 } ? evidence.Penalties[i] : 0;
            (rewards[i], lengths[i], paths[i]) = (verdict.Reward - penalty, rollout.Length, rollout.TokenIds);
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
            Baselines = evidence is null ? [] : [.. graded.Verdicts.Select(_ => evidence.Baseline)],
            LogProbs = evidence?.LogProbs ?? [],
            SquaredProbs = evidence?.SquaredProbs ?? [],
            Paths = paths,
        };
    }
}
