using System.Globalization;
using RolloutLab.Batching;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>What one allocator achieved, over the seeds.</summary>
/// <param name="Name">Its name in the recipe.</param>
/// <param name="Measures">Measure to mean and interval, in a fixed order.</param>
public sealed record AllocatorResult(string Name, IReadOnlyList<KeyValuePair<string, Estimate>> Measures)
{
    /// <summary>One measure.</summary>
    public Estimate this[string measure] => Measures.First(m => m.Key == measure).Value;
}

/// <summary>What a simulation found.</summary>
/// <param name="Results">The allocators in the recipe's order.</param>
/// <param name="Rollouts">Simulated training rollouts in all.</param>
/// <param name="Completed">Whether every run came to its end.</param>
public sealed record SimulationResult(IReadOnlyList<AllocatorResult> Results, long Rollouts, bool Completed);

/// <summary>Runs every allocator of a recipe with every seed, several at a time, and puts them side by side.</summary>
/// <param name="recipe">The recipe.</param>
/// <param name="folder">Gets <c>NAME/seed-S/metrics.jsonl</c>, <c>simulation.jsonl</c> and the pictures; exists.</param>
/// <param name="threads">Runs at a time, at least 1.</param>
/// <param name="advantages">Makes the advantage estimator of a run.</param>
public sealed class SimulationStudy(Recipe recipe, string folder, int threads, Func<SharpenedAdvantages> advantages)
{
    /// <summary>Mean over the steps: share of rollouts in groups with a gradient.</summary>
    public const string EffectiveGradientRatio = "effective_gradient_ratio";

    /// <summary>The same by prompts.</summary>
    public const string EffectivePromptRatio = "effective_prompt_ratio";

    /// <summary>
    /// Mean over the steps of what the knapsack maximises, as it came out, over the baseline's by seed: Σ p(1−p)² over the groups with a
    /// gradient, at the true rates.
    /// </summary>
    public const string RelativeGain = "information_gain_over_baseline";

    /// <summary>Share of prompts solved at the end.</summary>
    public const string SolvedRatio = "solved_ratio";

    /// <summary>Mean true success rate at the end.</summary>
    public const string SuccessRate = "success_rate";

    /// <summary>Most rollouts any prompt got in a step.</summary>
    public const string MostRollouts = "max_rollouts";

    /// <summary>Training rollouts of a run.</summary>
    public const string Rollouts = "rollouts";

    /// <summary>The effective-gradient ratio over the baseline's, by seed.</summary>
    public const string Relative = "effective_gradient_ratio_over_baseline";

    /// <summary>Rollouts spent to reach the target share of solved prompts; seeds that never do are left out.</summary>
    public const string RolloutsToTarget = "rollouts_to_target";

    /// <summary>Rollouts the baseline spent to reach the target share, over those spent here, by seed; seeds in which either never does are left out.</summary>
    public const string Speedup = "baseline_rollouts_over_own";

    /// <summary>Runs everything.</summary>
    /// <param name="progress">Told the number of finished runs.</param>
    /// <param name="stop">Ends every run after its step; what is written is whole.</param>
    public SimulationResult Run(IProgress<int> progress, CancellationToken stop)
    {
        var simulation = recipe.RequireSimulation();
        var runs = simulation.Allocators.SelectMany(b => Enumerable.Range(0, simulation.Seeds).Select(s => (Budget: b, Seed: s))).ToList();
        var (done, complete) = (0, 0);
        Parallel.ForEach(runs, new ParallelOptions { MaxDegreeOfParallelism = threads }, run =>
        {
            if (!stop.IsCancellationRequested)
            {
                Directory.CreateDirectory(FolderOf(run.Budget.Name, run.Seed));
                var ended = new SimulationRun(recipe, run.Budget, run.Seed, advantages()).Execute(FolderOf(run.Budget.Name, run.Seed), stop);
                Interlocked.Add(ref complete, ended ? 1 : 0);
                progress.Report(Interlocked.Increment(ref done));
            }
        });

        if (complete < runs.Count)
        {
            return new SimulationResult([], 0, Completed: false);
        }

        var series = simulation.Allocators.ToDictionary(
            b => b.Name, b => Enumerable.Range(0, simulation.Seeds).Select(s => new SimulationSeries(Path.Combine(FolderOf(b.Name, s), "metrics.jsonl"))).ToArray());
        var names = simulation.Allocators.Select(b => b.Name).ToList();
        new SimulationFiles(folder, names, series).Write(recipe.Name);
        var total = (long)series.Values.SelectMany(s => s).Sum(s => s.Spent[^1]);
        return new SimulationResult(names.Select(n => new AllocatorResult(n, Measures(series[n], series[names[0]], simulation.TargetShare))).ToList(), total, Completed: true);
    }

    private string FolderOf(string allocator, int seed) =>
        Path.Combine(folder, allocator, string.Create(CultureInfo.InvariantCulture, $"seed-{recipe.Seed + seed}"));

    private static List<KeyValuePair<string, Estimate>> Measures(SimulationSeries[] own, SimulationSeries[] baseline, double targetShare) =>
    [
        new(EffectiveGradientRatio, Estimate.Of(own.Select(s => s[SimulationMetrics.ByRollouts].Average()))),
        new(EffectivePromptRatio, Estimate.Of(own.Select(s => s[SimulationMetrics.ByPrompts].Average()))),
        new(SolvedRatio, Estimate.Of(own.Select(s => s[SimulationMetrics.SolvedRatio][^1]))),
        new(SuccessRate, Estimate.Of(own.Select(s => s[SimulationMetrics.MeanRate][^1]))),
        new(MostRollouts, Estimate.Of(own.Select(s => s[SimulationMetrics.MostRollouts].Max()))),
        new(Rollouts, Estimate.Of(own.Select(s => s.Spent[^1]))),
        new(Relative, Estimate.Of(own.Zip(baseline, (o, b) => o[SimulationMetrics.ByRollouts].Average() / b[SimulationMetrics.ByRollouts].Average()))),
        new(RelativeGain, Estimate.Of(own.Zip(baseline, (o, b) => o[SimulationMetrics.InformationGain].Average() / b[SimulationMetrics.InformationGain].Average()))),
        new(RolloutsToTarget, Estimate.Of(own.Zip(baseline, (o, b) => o.SpentUntil(Target(b, targetShare))))),
        new(Speedup, Estimate.Of(own.Zip(baseline, (o, b) => b.SpentUntil(Target(b, targetShare)) / o.SpentUntil(Target(b, targetShare))))),
    ];

    private static double Target(SimulationSeries baseline, double share) => share > 0 ? share : baseline[SimulationMetrics.SolvedRatio][^1];
}
