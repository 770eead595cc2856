using System.Diagnostics;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Training;

namespace RolloutLab.Benchmarks;

/// <summary>A checkpoint of the 25M model with its optimizer: written, checksummed and flushed to the disk.</summary>
internal static class CheckpointBench
{
    /// <summary>Best of several, with the bytes on the disk beside those of weights and moments.</summary>
    public static JsonObject Measure(string folder, bool quick)
    {
        Directory.CreateDirectory(folder);
        using var model = quick ? BenchModel.Quickstart() : BenchModel.TwentyFiveMillion();
        using var optimizer = TrainingBench.CreateOptimizer(model);
        var section = new CheckpointSection { Every = 1, KeepLast = 1, KeepBest = false };
        var store = new CheckpointStore(folder, section, path => ModelFolder.Save(path, model.Weights, null), optimizer, []);
        var best = double.PositiveInfinity;
        for (var step = 1; step <= (quick ? 2 : 5); step++)
        {
            var started = Stopwatch.GetTimestamp();
            store.Write(new LoopState { Step = step, PolicyVersion = step });
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        var bytes = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);
        var content = 3L * sizeof(float) * model.Weights.ParameterCount;
        return new JsonObject
        {
            ["model"] = model.Name, ["seconds"] = best, ["bytes"] = bytes, ["content_bytes"] = content, ["ratio"] = bytes / (double)content,
        };
    }
}
