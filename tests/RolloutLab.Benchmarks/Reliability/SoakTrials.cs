using System.Globalization;
using System.Text.Json.Nodes;

namespace RolloutLab.Benchmarks;

/// <summary>
/// Runs long and watches resident memory: what it grows after warm-up is a leak (<see cref="MemoryGrowth"/> says how it is told
/// from the collector's swings). The code of a run is compiled, and compiled again, and the collector finds its bounds, in the
/// first seconds; so training is preceded by twice the steps measured, and simulation, whose steps take milliseconds, by five times as many.
/// </summary>
internal sealed class SoakTrials(TinyProgram program, TextWriter progress)
{
    private const int TrainingWarmUp = 2;
    private const int SimulationWarmUp = 5;

    /// <summary>Watches training and simulation.</summary>
    /// <param name="trainingSteps">Steps of real training after the warm-up.</param>
    /// <param name="simulatedSteps">Steps of simulation after the warm-up.</param>
    public JsonObject Run(int trainingSteps, int simulatedSteps)
    {
        progress.WriteLine($"soak: {trainingSteps} steps of training after warm-up ...");
        var training = Growth(
            TrainingWarmUp,
            program.At("soak-training", "metrics.jsonl"),
            "train", "tiny.yaml", "--run-dir", "soak-training", "--set", $"training.steps={(1 + TrainingWarmUp) * trainingSteps}", "--set", "checkpoint.every=20", "--set", "evaluation.every=0");
        progress.WriteLine($"soak: {simulatedSteps} steps of simulation after warm-up ...");
        File.WriteAllText(program.At("simulate.yaml"), Simulation);
        var simulation = Growth(
            SimulationWarmUp,
            program.At("soak-simulation", "knapsack_bayes", "seed-1", "metrics.jsonl"),
            "simulate", "simulate.yaml", "--run-dir", "soak-simulation", "--threads", "1", "--set", $"training.steps={(1 + SimulationWarmUp) * simulatedSteps}");
        return new JsonObject
        {
            ["memory_growth"] = Math.Max(training, simulation),
            ["training_growth"] = training,
            ["training_steps"] = trainingSteps,
            ["simulation_growth"] = simulation,
            ["simulation_steps"] = simulatedSteps,
        };
    }

    private const string Simulation =
        """
        seed: 1
        training: { steps: 100 }
        simulation:
          pool: { type: mixture, prompts: 256, easy_share: 0.4, hard_share: 0.2 }
          seeds: 1
          allocators:
            knapsack_bayes: { type: knapsack_bayes, prompts_per_step: 256 }

        """;

    /// <summary>Growth of the memory of a call of the program over the steps after the warm-up.</summary>
    /// <param name="warmUp">Steps before the measured ones, for each of them.</param>
    /// <param name="metrics">The metrics that the call writes, a row of about the same length a step: how far it is.</param>
    /// <param name="arguments">The call.</param>
    private double Growth(int warmUp, string metrics, params string[] arguments)
    {
        using var process = program.Start(arguments);
        var samples = new List<(double Done, double Bytes)>();
        while (!process.Process.HasExited)
        {
            if (Resident(process.Process.Id) is { } bytes && new FileInfo(metrics) is { Exists: true } written)
            {
                samples.Add((written.Length, bytes));
            }

            Thread.Sleep(20);
        }

        if (process.Finish() != 0)
        {
            throw new Core.RunException($"{arguments[0]} failed: {process.Error.Trim()}");
        }

        return samples.Count == 0
            ? throw new Core.RunException($"{arguments[0]} ended before its memory could be measured; give it more steps (--trials)")
            : MemoryGrowth.Of(samples, warmUp / (1.0 + warmUp));
    }

    private static double? Resident(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null ? null : double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
