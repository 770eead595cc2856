using System.Globalization;
using System.Text.Json.Nodes;

namespace RolloutLab.Benchmarks;

/// <summary>Runs long and watches resident memory: what it grows after warm-up is a leak.</summary>
internal sealed class SoakTrials(TinyProgram program, TextWriter progress)
{
    /// <summary>Steps before the measured ones, for each of them: code is compiled again while it warms up, for about 20 seconds.</summary>
    private const int WarmUpSteps = 2;
    private const double WarmUp = WarmUpSteps / (1.0 + WarmUpSteps);
    private const double Window = 0.1;

    /// <summary>Watches training and simulation.</summary>
    /// <param name="trainingSteps">Steps of real training after the warm-up.</param>
    /// <param name="simulatedSteps">Steps of simulation after the warm-up.</param>
    public JsonObject Run(int trainingSteps, int simulatedSteps)
    {
        progress.WriteLine($"soak: {trainingSteps} steps of training after warm-up ...");
        var training = Growth("train", "tiny.yaml", "--run-dir", "soak-training", "--set", $"training.steps={(1 + WarmUpSteps) * trainingSteps}", "--set", "checkpoint.every=20", "--set", "evaluation.every=0");
        progress.WriteLine($"soak: {simulatedSteps} steps of simulation after warm-up ...");
        File.WriteAllText(program.At("simulate.yaml"), Simulation);
        var simulation = Growth("simulate", "simulate.yaml", "--run-dir", "soak-simulation", "--threads", "1", "--set", $"training.steps={(1 + WarmUpSteps) * simulatedSteps}");
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

    /// <summary>Growth of the mean resident memory from the window after warm-up to the last window, as a share of the first.</summary>
    private double Growth(params string[] arguments)
    {
        using var process = program.Start(arguments);
        var samples = new List<double>();
        while (!process.Process.HasExited)
        {
            if (Resident(process.Process.Id) is { } bytes)
            {
                samples.Add(bytes);
            }

            Thread.Sleep(50);
        }

        if (process.Finish() != 0)
        {
            throw new Core.RunException($"{arguments[0]} failed: {process.Error.Trim()}");
        }

        // The last samples are of a process that is ending.
        var (count, window) = (samples.Count - 2, Math.Max(1, (int)(samples.Count * Window)));
        var first = samples.Skip((int)(count * WarmUp)).Take(window).Average();
        return (samples.Skip(count - window).Take(window).Average() - first) / first;
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
