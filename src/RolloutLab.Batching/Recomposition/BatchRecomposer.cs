using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>What recomposition made of a step.</summary>
/// <param name="Sampled">One decision for each rollout of the step, in the order of the groups and their rollouts.</param>
/// <param name="Replayed">Rollouts of earlier steps that are trained in this one, and those made beside its plan, trained or not.</param>
public sealed record Recomposition(IReadOnlyList<RolloutDecision> Sampled, IReadOnlyList<RolloutDecision> Replayed)
{
    /// <summary>All that is, or might be, trained.</summary>
    public IReadOnlyList<RolloutDecision> All => Replayed.Count == 0 ? Sampled : [.. Sampled, .. Replayed];
}

/// <summary>
/// Decides which of a step's rollouts are trained, with a reason for each: first what cannot be trained at all, then the
/// stages in the order the recipe names. Advantages are computed on whole groups before, so no decision shifts a baseline.
/// </summary>
/// <param name="stages">The stages.</param>
/// <param name="random">The run's random streams.</param>
/// <param name="totalSteps">Steps of the whole run.</param>
public sealed class BatchRecomposer(IReadOnlyList<IRecompositionStage> stages, RandomStreams random, long totalSteps)
{
    /// <summary>Reason of a rollout that is trained as sampled.</summary>
    public const string OnPolicy = "on_policy";

    /// <summary>Reason of a rollout that is trained as sampled, on a prompt with solved examples before the question.</summary>
    public const string Seeded = "seeded";

    /// <summary>Reason of a rollout whose verifier failed: it has no reward to learn from.</summary>
    public const string NoVerdict = "no_verdict";

    /// <summary>Reason of a rollout without tokens.</summary>
    public const string Empty = "empty";

    /// <summary>The stages that remember something: part of checkpoints.</summary>
    public IEnumerable<IStateful> Stateful => stages.OfType<IStateful>();

    /// <summary>Decides.</summary>
    /// <param name="step">The training step, from 1.</param>
    /// <param name="groups">The step's graded groups.</param>
    /// <param name="advantages">Advantages aligned to the groups.</param>
    /// <param name="policyVersion">The version about to be updated; gives each rollout its age.</param>
    /// <param name="explanations">What was written for unsolved prompts with their answers in view; null for nothing.</param>
    public Recomposition Recompose(
        long step,
        IReadOnlyList<GradedGroup> groups,
        IReadOnlyList<GroupAdvantages> advantages,
        long policyVersion,
        IReadOnlyList<Explanation>? explanations = null)
    {
        var decisions = new List<RolloutDecision>(groups.Sum(g => g.Count));
        for (var i = 0; i < groups.Count; i++)
        {
            for (var j = 0; j < groups[i].Count; j++)
            {
                decisions.Add(Decide(groups[i], advantages[i], j, policyVersion));
            }
        }

        var recomposed = new RecompositionStep(step, totalSteps, policyVersion, random, decisions, explanations ?? []);
        foreach (var stage in stages)
        {
            stage.Apply(recomposed);
        }

        return new Recomposition(decisions, recomposed.Replayed);
    }

    private static RolloutDecision Decide(GradedGroup group, GroupAdvantages advantages, int index, long policyVersion)
    {
        var (rollout, verdict) = (group.Group.Rollouts[index], group.Verdicts[index]);
        var fault = rollout.Length == 0 ? Empty : verdict.Status == VerdictStatus.Fault ? NoVerdict : null;
        var fate = fault is null ? RolloutFate.Kept : RolloutFate.Dropped;
        var reason = fault ?? (rollout.SampledFrom is null ? OnPolicy : Seeded);
        return new RolloutDecision(
            rollout.SampledFrom ?? group.Group.Prompt, rollout, verdict, (float)advantages.Rollouts[index], fate, reason, PolicyAge: policyVersion - rollout.PolicyVersion)
        {
            TokenAdvantages = advantages.Tokens is { } tokens ? Array.ConvertAll(tokens[index], a => (float)a) : null,
        };
    }
}
