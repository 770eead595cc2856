using System.Text.Json.Nodes;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>What stays behind after many updates: tensors, native memory, and managed allocation for each token.</summary>
internal static class GrowthBench
{
    public static void Measure(JsonObject report, int steps)
    {
        using var model = BenchModel.Quickstart();
        using var optimizer = TrainingBench.CreateOptimizer(model);
        var updater = TrainingBench.Updater(model, optimizer);
        var (small, large) = (TrainingBench.Batch(model, 1_000), TrainingBench.Batch(model, 4_000));
        for (var i = 0; i < 5; i++)
        {
            updater.Update([large]);
        }

        var before = TorchRuntime.Memory();
        for (var i = 0; i < steps; i++)
        {
            updater.Update([large]);
        }

        var after = TorchRuntime.Memory();
        report["steps"] = steps;
        report["live_tensors"] = after.LiveTensors;
        report["live_tensor_growth"] = after.LiveTensors - before.LiveTensors;
        report["finalized_tensors"] = after.FinalizedTensors;
        report["native_bytes"] = after.ResidentBytes;
        report["native_bytes_growth"] = after.ResidentBytes - before.ResidentBytes;
        var perToken = (Allocated(() => updater.Update([large])) - Allocated(() => updater.Update([small]))) / 3_000.0;
        report["managed_bytes_per_token"] = Math.Round(perToken, 3);
    }

    private static long Allocated(Action work)
    {
        work();
        var before = GC.GetAllocatedBytesForCurrentThread();
        work();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
