using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// ExPO (arXiv 2507.02834): what the policy wrote for an unsolved prompt with the known answer in view is trained as a
/// positive sample of the plain prompt. Explanations that do not reach the answer by themselves are dropped
/// (<c>explanation_wrong</c>), and of the others of a prompt all but the likeliest under the current policy given the plain
/// prompt (<c>explanation_unlikely</c>); those stay (<c>self_explanation</c>). Their loss is a term of its own, with its own
/// denominators; its importance ratio begins at 1, because their log-probabilities are those of the current policy.
/// </summary>
public sealed class SelfExplanation(SelfExplanationSection section) : IRecompositionStage
{
    /// <summary>Reason of an explanation that is trained.</summary>
    public const string Reason = "self_explanation";

    /// <inheritdoc/>
    public void Apply(RecompositionStep step)
    {
        foreach (var group in step.Explanations.GroupBy(e => e.Prompt.Index))
        {
            // Sorting is stable: of equally likely ones the first is kept.
            var likeliest = group.Where(e => e.Verdict.IsCorrect && e.Rollout.Length > 0).OrderByDescending(e => e.Likelihood).Take(section.Keep).ToHashSet();
            foreach (var explanation in group)
            {
                var isKept = likeliest.Contains(explanation);
                step.Add(
                    new RolloutDecision(
                        explanation.Prompt,
                        explanation.Rollout,
                        explanation.Verdict,
                        Advantage: 1,
                        isKept ? RolloutFate.Added : RolloutFate.Dropped,
                        isKept ? Reason : explanation.Verdict.IsCorrect ? "explanation_unlikely" : "explanation_wrong",
                        (float)section.Coefficient)
                    {
                        IsAuxiliary = true,
                    });
            }
        }
    }
}
