using RolloutLab.Allocation;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>
/// One budget over a log, without a model: what another allocator, advantage estimator or recomposition would have done with
/// these rollouts. Where the log has steps, each is a step of the replay; else the recipe's own order of prompts goes over all.
/// </summary>
public sealed class WhatIfReplay
{
    private readonly Recipe _recipe;
    private readonly ReplayParts _parts;
    private readonly IRolloutLog _log;
    private readonly LogContents _contents;

    /// <summary>Checks that the recipe can be replayed.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="log">The log.</param>
    /// <param name="parts">The recipe's parts.</param>
    /// <exception cref="RecipeException">The recipe needs a policy, or asks questions anew.</exception>
    public WhatIfReplay(Recipe recipe, IRolloutLog log, ReplayParts parts)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(parts);
        ReplayParts.CheckNeedsNoPolicy(recipe);
        ReplayParts.CheckAsksNothingAnew(recipe);
        (_recipe, _parts) = (recipe, parts);
        var verifies = (recipe.Replay ?? new LogReplaySection()).Verdicts == LogVerdictsChoice.Verify;
        _contents = ReplayParts.ContentsFor(recipe, verifies);
        Steps = log.Steps is { } steps ? Math.Min(steps.Count, recipe.Training.Steps) : recipe.Training.Steps;
        _log = verifies ? new VerifiedLog(log, parts.Grader, Steps) : log;
    }

    /// <summary>Steps of the replay.</summary>
    public long Steps { get; }

    /// <summary>Replays.</summary>
    /// <param name="budget">The budget.</param>
    /// <param name="offset">Added to the recipe's seed.</param>
    /// <param name="folder">Gets <c>metrics.jsonl</c> and, for the first seed, <c>budgets.jsonl</c>; exists.</param>
    /// <param name="progress">Told the rollouts replayed so far; may be null.</param>
    /// <param name="stop">Ends the replay after a step.</param>
    /// <returns>What it came to; null when it was stopped.</returns>
    /// <exception cref="RolloutStoreException">The log is damaged.</exception>
    public ReplayOutcome? Run(BudgetSection budget, int offset, string folder, IProgress<long>? progress, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(budget);
        var random = new RandomStreams((ulong)(_recipe.Seed + offset));
        using var cursor = new LogCursor(_log, _contents);
        var prompts = Prompts(cursor, budget, random);
        var ledger = new PromptLedger(_log.PromptSetSize, new LedgerOptions(budget.Terms.Forgetting, InitialCost: _recipe.Rollout.MaxNewTokens));
        var allocator = new LoggedBudget(AllocationRules.Create(budget, ledger, random), cursor);
        var source = new LoggedSource(cursor, random);
        using var metrics = new MetricsLog(Path.Combine(folder, "metrics.jsonl"));
        using var budgets = offset == 0 ? new BudgetLog(Path.Combine(folder, "budgets.jsonl")) : null;
        var recorder = new RunRecorder(metrics, store: null, samples: null, budgets, 0, trees: null, 0, new SilentObserver())
        {
            MeasuresDifferences = _contents.HasFlag(LogContents.Tokens),
        };
        var tally = new ReplayTally(recorder, source, allocator, progress);
        var stages = _parts.Stages();
        var loop = new TrainingLoop(
            new LoopSettings(Steps, budget.PromptsPerStep, 0, 0, false, _recipe.Rollout),
            prompts,
            new RolloutPlanner(allocator, budget.RoundOverlap, ledger, source, source, tally),
            new StepAdvantages(_parts.Advantages()),
            explainer: null,
            new BatchRecomposer(stages, random, _recipe.Training.Steps),
            stages.OfType<DynamicSampling>().FirstOrDefault(),
            new LoggedPolicy(cursor, () => [new("replay/planned", allocator.Planned), new("replay/shortfall", allocator.Shortfall)]),
            evaluator: null,
            new NoCheckpoints(),
            tally);
        return loop.Run(stop).Interrupted ? null : new ReplayOutcome(tally.Measures, tally.Decisions);
    }

    private IPromptSource Prompts(LogCursor cursor, BudgetSection budget, RandomStreams random)
    {
        if (_log.Steps is not null)
        {
            return new LoggedPrompts(_log, cursor);
        }

        cursor.MoveNext();
        var prompts = cursor.Current!.Groups.Select(g => g.Group.Prompt).ToList();
        return budget.PromptsPerStep <= prompts.Count
            ? new PromptSampler(new PromptSet("log", prompts), random)
            : throw new RecipeException(
                $"{_recipe.Source}: budget.prompts_per_step = {budget.PromptsPerStep}: {_log.Path} has {prompts.Count} prompts; lower it");
    }
}

/// <summary>What one replay came to.</summary>
/// <param name="Measures">Measure to value, in a fixed order; names in <see cref="ReplayMeasures"/>.</param>
/// <param name="Decisions">Rollouts by fate and reason.</param>
public sealed record ReplayOutcome(IReadOnlyList<KeyValuePair<string, double>> Measures, IReadOnlyDictionary<string, long> Decisions)
{
    /// <summary>One measure.</summary>
    public double this[string measure] => Measures.First(m => m.Key == measure).Value;
}
