using System.Diagnostics;
using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>Measures the policy on held-out prompts.</summary>
/// <param name="prompts">Prompts to evaluate, each once.</param>
/// <param name="dataset">Name used in metrics.</param>
/// <param name="rolloutsPerPrompt">Rollouts of each prompt.</param>
/// <param name="passAt">The k of pass@k to report, each at most <paramref name="rolloutsPerPrompt"/>.</param>
/// <param name="sampling">How tokens are drawn.</param>
/// <param name="source">Makes the rollouts.</param>
/// <param name="grader">Grades them.</param>
public sealed class Evaluator(
    IReadOnlyList<Prompt> prompts,
    string dataset,
    int rolloutsPerPrompt,
    IReadOnlyList<int> passAt,
    SamplingParameters sampling,
    IRolloutSource source,
    Grader grader)
{
    /// <summary>Rollouts one evaluation makes.</summary>
    public long TotalRollouts => (long)prompts.Count * rolloutsPerPrompt;

    /// <summary>
    /// Evaluates the current policy. Every evaluation uses the same uniform draws (the streams are keyed with step 0), so
    /// differences between two evaluations come from the policy, not from the dice.
    /// </summary>
    public EvaluationReport Evaluate(long step, IProgress<int>? progress, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var budgets = prompts.Select(p => new PromptBudget(p, FirstRollout: 0, rolloutsPerPrompt)).ToList();
        var result = source.Generate(new RolloutRequest(Step: 0, RolloutPurpose.Evaluation, budgets, sampling), progress, cancellation);
        var graded = result.Groups.Select(grader.Grade).ToList();
        var rollouts = graded.SelectMany(g => g.Group.Rollouts).ToList();
        return new EvaluationReport(
            step,
            dataset,
            prompts.Count,
            rolloutsPerPrompt,
            passAt.Append(1).Distinct().ToDictionary(k => k, k => graded.Average(g => GroupPassAt(g, k))),
            graded.Average(g => PassAtK.Majority(g.Verdicts) ? 1.0 : 0.0),
            rollouts.Average(r => (double)r.Length),
            rollouts.Average(r => r.FinishReason == FinishReason.Length ? 1.0 : 0.0),
            result.Statistics.TokensGenerated,
            Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private static double GroupPassAt(GradedGroup group, int k) =>
        PassAtK.Unbiased(group.Count, group.Verdicts.Count(v => v.IsCorrect), k);
}
