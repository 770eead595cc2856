using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Orchestration;

/// <summary>Writes what the loop did: a metrics row and the rollouts of a step, and the same to whoever watches.</summary>
/// <param name="metrics">The run's metrics; borrowed.</param>
/// <param name="store">Keeps every rollout; borrowed, null for none.</param>
/// <param name="samples">The run's rollout sample; borrowed, null for none.</param>
/// <param name="budgets">The run's budgets; borrowed, null for none.</param>
/// <param name="samplesPerStep">Rollouts kept of each step, spread evenly over it.</param>
/// <param name="trees">The run's rollout trees; borrowed, null for none.</param>
/// <param name="treesPerStep">Prompts of each step whose trees are kept, spread evenly over it.</param>
/// <param name="observer">Who watches.</param>
public sealed class RunRecorder(
    IMetricsLog metrics,
    RolloutStore? store,
    RolloutSampleLog? samples,
    BudgetLog? budgets,
    int samplesPerStep,
    TreeLog? trees,
    int treesPerStep,
    IRunObserver observer) : IRunRecorder
{
    /// <summary>Whether metrics say how different a group's rollouts are; off where their tokens are not at hand.</summary>
    public bool MeasuresDifferences { get; init; } = true;

    /// <inheritdoc/>
    public void StepFinished(StepReport report, EvaluationReport? evaluation)
    {
        metrics.Append(report.Step, [.. StepMetrics.Of(report, MeasuresDifferences), .. evaluation?.Metrics() ?? []]);
        store?.Append(Stored(report));
        budgets?.Append(report.Step, [.. report.Groups.Select((g, i) => BudgetRowOf(g, report.Planning.Estimates[i]))]);
        var count = samples is null ? 0 : Math.Min(samplesPerStep, report.Decisions.Count);
        for (var i = 0; i < count; i++)
        {
            samples!.Append(report.Step, report.Decisions[(int)((long)report.Decisions.Count * i / count)]);
        }

        count = trees is null ? 0 : Math.Min(treesPerStep, report.Groups.Count);
        for (var i = 0; i < count; i++)
        {
            trees!.Append(report.Step, report.Groups[(int)((long)report.Groups.Count * i / count)]);
        }

        observer.StepFinished(new StepProgress
        {
            Step = report.Step,
            Seconds = report.Seconds.Total,
            TokensPerSecond = (report.Statistics.TokensGenerated + report.Beside.Statistics.TokensGenerated + report.Update.TokensTrained) / Math.Max(report.Seconds.Total, 1e-9),
            Reward = report.MeanReward,
            PassRate = report.PassRate,
            ResponseLength = report.MeanLength,
        });
    }

    /// <inheritdoc/>
    public void Flush() => store?.Flush();

    /// <inheritdoc/>
    public IProgress<int> Progress(string phase, long total) => new PhaseProgress(observer, phase, total);

    /// <inheritdoc/>
    public void EvaluationFinished(EvaluationReport report)
    {
        if (report.Step == 0)
        {
            metrics.Append(0, [.. report.Metrics()]);
        }

        observer.EvaluationFinished(report.ToResult());
    }

    private static StoredStep Stored(StepReport report)
    {
        var sampled = report.Groups.Select(g => g.Group.Prompt.Index).ToHashSet();
        var unsampled = report.Prompts.Where(p => !sampled.Contains(p.Index)).DistinctBy(p => p.Index).Select(p => new PromptName(p.Index, p.Id)).ToList();
        return new StoredStep
        {
            Step = report.Step,
            Groups = [.. report.Groups.Select(g => g.Group)],
            Estimates = report.Planning.Estimates,
            Decisions = report.Decisions,
            Facts = new StepFacts(report.PromptSetSize, unsampled, report.Statistics),
        };
    }

    private static BudgetRow BudgetRowOf(GradedGroup graded, double estimate)
    {
        var (correct, tokens) = (0, 0L);
        for (var j = 0; j < graded.Count; j++)
        {
            correct += graded.Verdicts[j].IsCorrect ? 1 : 0;
            tokens += graded.Group.Rollouts[j].Length;
        }

        return new BudgetRow(graded.Group.Prompt.Index, estimate, graded.Count, correct, tokens);
    }
}
