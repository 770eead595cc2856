using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>
/// From a step's graded groups to advantages aligned to their rollouts: the estimator, then novelty sharpening where the
/// recipe asks for it.
/// </summary>
/// <param name="estimator">The estimator.</param>
/// <param name="groups">Shows it the groups.</param>
/// <param name="novelty">The sharpening; null for none.</param>
/// <param name="bySampledPrompt">
/// Whether rollouts are compared with those of the very prompt they were sampled from alone, instead of with all of their
/// question.
/// </param>
public sealed class SharpenedAdvantages(
    IAdvantageEstimator estimator, RewardGroups groups, NoveltySharpening? novelty, bool bySampledPrompt = false)
{
    /// <summary>The estimator: part of a checkpoint where it is <see cref="IStateful"/>.</summary>
    public IAdvantageEstimator Estimator => estimator;

    /// <summary>Advantages of each group.</summary>
    /// <param name="graded">The step's graded groups.</param>
    /// <param name="evidence">What is known of each group besides its rewards; null for nothing.</param>
    public IReadOnlyList<GroupAdvantages> Of(IReadOnlyList<GradedGroup> graded, IReadOnlyList<GroupEvidence>? evidence = null)
    {
        if (!bySampledPrompt)
        {
            return OfWhole(graded, evidence);
        }

        var parts = graded.Select(g => SampledPromptGroup.Split(g).ToList()).ToList();
        var advantages = OfWhole(
            [.. parts.SelectMany(p => p).Select(p => p.Group)],
            evidence is null ? null : [.. parts.SelectMany((p, i) => p.Select(part => evidence[i].At(part.Places)))]);
        var next = 0;
        return [.. parts.Select((p, i) => SampledPromptGroup.Join(graded[i].Count, [.. p.Select(part => (part, advantages[next++]))]))];
    }

    private IReadOnlyList<GroupAdvantages> OfWhole(IReadOnlyList<GradedGroup> graded, IReadOnlyList<GroupEvidence>? evidence)
    {
        var advantages = estimator.Estimate(groups.Of(graded, evidence));
        return novelty is null ? advantages : [.. graded.Zip(advantages, (g, a) => Sharpened(novelty, g, a))];
    }

    private static GroupAdvantages Sharpened(NoveltySharpening novelty, GradedGroup group, GroupAdvantages advantages)
    {
        var scores = group.Group.Rollouts.Select(r => r.Length == 0 ? double.NaN : r.LogProbs.Average(l => (double)l)).ToList();
        var sharpened = novelty.Sharpen(advantages.Rollouts, scores, [.. group.Verdicts.Select(v => v.IsCorrect)]);
        var tokens = advantages.Tokens?.Select((t, i) => Array.ConvertAll(t, x => x + sharpened[i] - advantages.Rollouts[i])).ToArray();
        return new GroupAdvantages(sharpened, tokens);
    }
}
