using System.Globalization;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>What one budget made of a log, over the seeds.</summary>
/// <param name="Name">Its name in the recipe.</param>
/// <param name="Measures">Measure to mean and interval, in a fixed order; names in <see cref="ReplayMeasures"/>.</param>
/// <param name="Decisions">Rollouts by fate and reason, with the first seed.</param>
public sealed record BudgetReplay(string Name, IReadOnlyList<KeyValuePair<string, Estimate>> Measures, IReadOnlyDictionary<string, long> Decisions)
{
    /// <summary>One measure.</summary>
    public Estimate this[string measure] => Measures.First(m => m.Key == measure).Value;
}

/// <summary>How far a study is.</summary>
/// <param name="Steps">Steps replayed.</param>
/// <param name="TotalSteps">Steps of all replays.</param>
/// <param name="Rollouts">Rollouts replayed.</param>
public readonly record struct StudyProgress(long Steps, long TotalSteps, long Rollouts);

/// <summary>Replays a log with every budget and every seed, without a model.</summary>
/// <param name="recipe">The recipe.</param>
/// <param name="log">The log.</param>
/// <param name="parts">The recipe's parts.</param>
/// <param name="folder">Gets <c>NAME/seed-S/metrics.jsonl</c>; exists.</param>
public sealed class WhatIfStudy(Recipe recipe, IRolloutLog log, ReplayParts parts, string folder)
{
    /// <summary>Name of the recipe's own budget, where it names no others.</summary>
    public const string OwnBudget = "recipe";

    /// <summary>The effective-gradient ratio over the first budget's, by seed.</summary>
    public const string Relative = "effective_gradient_ratio_over_baseline";

    private readonly LogReplaySection _section = recipe.Replay ?? new LogReplaySection();

    /// <summary>Replays everything.</summary>
    /// <param name="progress">Told after each step; may be null.</param>
    /// <param name="stop">Ends it after a step; what is written is whole.</param>
    /// <returns>The budgets in the recipe's order; null when it was stopped.</returns>
    public IReadOnlyList<BudgetReplay>? Run(IProgress<StudyProgress>? progress, CancellationToken stop)
    {
        var budgets = _section.Allocators.Count > 0 ? _section.Allocators : [new NamedBudget(OwnBudget, recipe.Budget)];
        var replay = new WhatIfReplay(recipe, log, parts);
        var counter = new Counter(progress, budgets.Count * _section.Seeds * replay.Steps);
        var outcomes = new List<(string Name, List<ReplayOutcome> Seeds)>();
        foreach (var budget in budgets)
        {
            outcomes.Add((budget.Name, []));
            for (var seed = 0; seed < _section.Seeds; seed++)
            {
                var path = Path.Combine(folder, budget.Name, string.Create(CultureInfo.InvariantCulture, $"seed-{recipe.Seed + seed}"));
                Directory.CreateDirectory(path);
                counter.Begin();
                if (replay.Run(budget.Budget, seed, path, counter, stop) is not { } outcome)
                {
                    return null;
                }

                outcomes[^1].Seeds.Add(outcome);
            }
        }

        return [.. outcomes.Select(o => Summary(o.Name, o.Seeds, outcomes[0].Seeds))];
    }

    private static BudgetReplay Summary(string name, List<ReplayOutcome> own, List<ReplayOutcome> baseline) => new(
        name,
        [
            .. own[0].Measures.Select(m => KeyValuePair.Create(m.Key, Estimate.Of(own.Select(o => o[m.Key])))),
            KeyValuePair.Create(Relative, Estimate.Of(own.Zip(
                baseline, (o, b) => o[ReplayMeasures.EffectiveGradientRatio] / b[ReplayMeasures.EffectiveGradientRatio]))),
        ],
        own[0].Decisions);

    /// <summary>Adds up the steps and rollouts of one replay after the other.</summary>
    private sealed class Counter(IProgress<StudyProgress>? progress, long totalSteps) : IProgress<long>
    {
        private long _steps;
        private long _before;
        private long _rollouts;

        public void Begin() => _before = _rollouts;

        public void Report(long value)
        {
            _rollouts = _before + value;
            progress?.Report(new StudyProgress(++_steps, totalSteps, _rollouts));
        }
    }
}
