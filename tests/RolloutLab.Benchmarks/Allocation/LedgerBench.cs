using System.Diagnostics;
using System.Text.Json.Nodes;
using RolloutLab.Allocation;
using RolloutLab.Core;

namespace RolloutLab.Benchmarks;

/// <summary>A ledger of many prompts: its memory, saving and loading it, and one plan for all of them.</summary>
internal static class LedgerBench
{
    private static readonly LedgerOptions s_options = new(Forgetting: 0.9, InitialCost: 200);

    /// <summary>Measures.</summary>
    /// <param name="prompts">Prompts of the ledger.</param>
    /// <returns><c>prompts</c>, <c>bytes_per_prompt</c>, <c>file_bytes</c>, <c>save_seconds</c>, <c>load_seconds</c>, <c>plan_seconds</c>.</returns>
    public static JsonObject Run(int prompts)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var ledger = new PromptLedger(prompts, s_options);
        for (var i = 0; i < prompts; i++)
        {
            ledger.Preload(i, successes: i * 7L % 9, failures: 8 - (i * 7L % 9), cost: 100 + (i % 300));
        }

        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            var save = Seconds(() => AtomicFile.Write(path, ledger.SaveState));
            var load = Seconds(() =>
            {
                using var file = File.OpenRead(path);
                new PromptLedger(prompts, s_options).LoadState(file);
            });
            return new JsonObject
            {
                ["prompts"] = prompts,
                ["bytes_per_prompt"] = (double)bytes / prompts,
                ["file_bytes"] = new FileInfo(path).Length,
                ["save_seconds"] = save,
                ["load_seconds"] = load,
                ["plan_seconds"] = Seconds(() => Plan(ledger)),
            };
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>The report's line.</summary>
    public static string Line(JsonObject report) => FormattableString.Invariant(
        $"ledger, {(int)report["prompts"]!:#,0} prompts: {(double)report["bytes_per_prompt"]!:0.0} bytes a prompt, saved in {(double)report["save_seconds"]!:0.00} s, ")
        + FormattableString.Invariant($"loaded in {(double)report["load_seconds"]!:0.00} s, planned in {(double)report["plan_seconds"]!:0.00} s");

    /// <summary>The knapsack at the success rates when last seen, 8 rollouts a prompt.</summary>
    private static void Plan(PromptLedger ledger)
    {
        var (rates, low, up) = (new double[ledger.Count], new int[ledger.Count], new int[ledger.Count]);
        for (var i = 0; i < rates.Length; i++)
        {
            (rates[i], low[i], up[i]) = (ledger[i].LastRate, 2, 128);
        }

        ThresholdSolver.Solve(new AllocationProblem(new SuccessRateValue(rates), low, up, [new BudgetLimit("rollouts", null, 8.0 * rates.Length)]));
    }

    private static double Seconds(Action work)
    {
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
