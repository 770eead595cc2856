using RolloutLab.Allocation;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>One allocator with one seed: the training loop on a simulated policy.</summary>
/// <param name="recipe">The recipe; its <c>simulation</c>, <c>advantage</c>, <c>training.steps</c> and <c>seed</c> count.</param>
/// <param name="budget">The allocator and its name.</param>
/// <param name="offset">Added to the recipe's seed.</param>
/// <param name="advantages">Advantages.</param>
public sealed class SimulationRun(Recipe recipe, NamedBudget budget, int offset, SharpenedAdvantages advantages)
{
    /// <summary>Runs all steps.</summary>
    /// <param name="folder">Gets <c>metrics.jsonl</c> and, for the first seed, <c>budgets.jsonl</c>; exists.</param>
    /// <param name="stop">Ends the run after a step.</param>
    /// <returns>Whether all steps were run.</returns>
    public bool Execute(string folder, CancellationToken stop)
    {
        var simulation = recipe.RequireSimulation();
        var random = new RandomStreams((ulong)(recipe.Seed + offset));
        var rates = RatePool.Create(simulation.Pool, random);
        var prompts = rates.Select((_, i) => new Prompt(i, $"{i:D8}", "simulated", [0], "")).ToList();
        var policy = new SimulatedPolicy(simulation, rates);
        var source = new SimulatedSource(policy, new LengthDistribution(simulation.TokensMean, simulation.TokensDeviation), random);
        var grader = new Grader(new SimulatedVerifier());
        var ledger = new PromptLedger(prompts.Count, new LedgerOptions(budget.Budget.Terms.Forgetting, InitialCost: simulation.TokensMean));
        if (simulation.Estimates is { } estimates)
        {
            InitialEstimates.Fill(ledger, rates, estimates, simulation.TokensMean, random);
        }

        using var metrics = new MetricsLog(Path.Combine(folder, "metrics.jsonl"));
        using var budgets = offset == 0 ? new BudgetLog(Path.Combine(folder, "budgets.jsonl")) : null;

        // Simulated tokens are all the same, so how different rollouts are says nothing.
        var recorder = new RunRecorder(metrics, store: null, samples: null, budgets, 0, trees: null, 0, new SilentObserver()) { MeasuresDifferences = false };
        var sampling = new SamplingParameters();
        var loop = new TrainingLoop(
            new LoopSettings(recipe.Training.Steps, Math.Min(budget.Budget.PromptsPerStep, prompts.Count), 0, 0, false, sampling),
            new PromptSampler(new PromptSet("simulated", prompts), random),
            new RolloutPlanner(AllocationRules.Create(budget.Budget, ledger, random), budget.Budget.RoundOverlap, ledger, source, grader, recorder),
            new StepAdvantages(advantages),
            explainer: null,
            new BatchRecomposer([], random, recipe.Training.Steps),
            refill: null,
            policy,
            new Evaluator(prompts, "simulated", 1, [1], sampling, source, grader),
            new NoCheckpoints(),
            recorder);
        return !loop.Run(stop).Interrupted;
    }
}
