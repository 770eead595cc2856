using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>
/// Decides which of a step's rollouts are trained, with a reason for each. Advantages are computed on whole groups
/// before, so no decision shifts a baseline.
/// </summary>
public static class BatchRecomposer
{
    /// <summary>Reason of a rollout that is trained as sampled.</summary>
    public const string OnPolicy = "on_policy";

    /// <summary>Reason of a rollout whose verifier failed: it has no reward to learn from.</summary>
    public const string NoVerdict = "no_verdict";

    /// <summary>Reason of a rollout without tokens.</summary>
    public const string Empty = "empty";

    /// <summary>One decision for each rollout, in the order of the groups and their rollouts.</summary>
    /// <param name="groups">The step's graded groups.</param>
    /// <param name="advantages">Advantages aligned to the groups.</param>
    /// <param name="policyVersion">The version about to be updated; gives each rollout its age.</param>
    public static IReadOnlyList<RolloutDecision> Recompose(
        IReadOnlyList<GradedGroup> groups, IReadOnlyList<GroupAdvantages> advantages, long policyVersion)
    {
        var decisions = new List<RolloutDecision>(groups.Sum(g => g.Count));
        for (var i = 0; i < groups.Count; i++)
        {
            var group = groups[i];
            for (var j = 0; j < group.Count; j++)
            {
                var rollout = group.Group.Rollouts[j];
                var verdict = group.Verdicts[j];
                var reason = rollout.Length == 0 ? Empty : verdict.Status == VerdictStatus.Fault ? NoVerdict : OnPolicy;
                var fate = reason == OnPolicy ? RolloutFate.Kept : RolloutFate.Dropped;
                decisions.Add(new RolloutDecision(
                    group.Group.Prompt, rollout, verdict, (float)advantages[i].Rollouts[j], fate, reason, PolicyAge: policyVersion - rollout.PolicyVersion)
                {
                    TokenAdvantages = advantages[i].Tokens is { } tokens ? Array.ConvertAll(tokens[j], a => (float)a) : null,
                });
            }
        }

        return decisions;
    }
}
