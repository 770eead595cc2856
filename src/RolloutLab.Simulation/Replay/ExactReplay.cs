using RolloutLab.Allocation;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>
/// A run's own log through its own recipe, without the model: verdicts, budgets, advantages and decisions, and all metrics but
/// those of the update and of evaluations, must come out to the last bit. Neither the data set nor the model is needed.
/// </summary>
/// <param name="recipe">The run's recipe.</param>
/// <param name="log">The run's store.</param>
/// <param name="parts">The recipe's parts.</param>
public sealed class ExactReplay(Recipe recipe, IRolloutLog log, ReplayParts parts)
{
    /// <summary>Replays and compares.</summary>
    /// <param name="metricsPath">The run's <c>metrics.jsonl</c>; null where it is not there.</param>
    /// <param name="selection">What is compared. What stands before is replayed too: budgets and decisions remember it.</param>
    /// <param name="show">Gets each selected rollout; null for none.</param>
    /// <param name="progress">Told the steps replayed; null for none.</param>
    /// <param name="stop">Ends the replay after a step.</param>
    /// <returns>What was compared; null when it was stopped.</returns>
    /// <exception cref="RecipeException">The recipe needs a policy.</exception>
    /// <exception cref="RolloutStoreException">The log is damaged, or is not of this recipe.</exception>
    public ReplayComparison? Run(
        string? metricsPath, ReplaySelection selection, Action<ReplayedRollout>? show, IProgress<long>? progress, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(selection);
        ReplayParts.CheckNeedsNoPolicy(recipe);
        var random = new RandomStreams((ulong)recipe.Seed);
        using var cursor = new LogCursor(log, ReplayParts.ContentsFor(recipe, verifies: true) | LogContents.Verdicts | LogContents.Tokens | LogContents.Record);
        using var metrics = new LoggedMetrics(metricsPath);
        var ledger = new PromptLedger(log.PromptSetSize, new LedgerOptions(recipe.Budget.Terms.Forgetting, InitialCost: recipe.Rollout.MaxNewTokens));
        var recorder = new ExactRecorder(null, cursor, metrics, selection, show, progress);
        var stages = parts.Stages();
        var shuffled = recipe.RequireTrainData().Order == PromptOrderChoice.Shuffled;
        var loop = new TrainingLoop(
            new LoopSettings(LastStep(recipe, log, selection), recipe.Budget.PromptsPerStep, 0, 0, false, recipe.Rollout),
            new ResampledPrompts(log, cursor, random, shuffled),
            new RolloutPlanner(AllocationRules.Create(recipe.Budget, ledger, random), recipe.Budget.RoundOverlap, ledger, new ExactSource(cursor), parts.Grader(), recorder),
            new StepAdvantages(parts.Advantages()),
            explainer: null,
            new BatchRecomposer(stages, random, recipe.Training.Steps),
            stages.OfType<DynamicSampling>().FirstOrDefault(),
            new LoggedPolicy(cursor),
            evaluator: null,
            new NoCheckpoints(),
            recorder);
        return loop.Run(stop).Interrupted ? null : recorder.Comparison;
    }

    /// <summary>The step at which an exact replay may end.</summary>
    /// <exception cref="RolloutStoreException">The log does not have the selected step.</exception>
    public static long LastStep(Recipe recipe, IRolloutLog log, ReplaySelection selection)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(selection);
        var last = log.Steps is { Count: > 0 } steps ? steps[^1] : 0;
        return selection.Step is not { } step ? Math.Min(last, recipe.Training.Steps)
            : step >= 1 && step <= last ? step
            : throw new RolloutStoreException($"{log.Path}: has no step {step}; it has steps 1 to {last}");
    }
}
