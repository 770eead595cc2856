using System.Text.Json.Nodes;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>The <c>core</c> suite: every rate as tokens a second and as a share of the peak matrix rate measured in the same run.</summary>
internal sealed class CoreSuite : IBenchSuite
{
    private static readonly int[] Batches = [1, 16, 64, 256];

    public string Name => "core";

    public string Summary => "rollout and training speed of two models as shares of the peak matrix rate; growth over 100 steps";

    public string Table(JsonObject report) => CoreTable.Of(report);

    public JsonObject Run(BenchOptions options, TextWriter progress)
    {
        var info = TorchRuntime.Initialize(options.Threads);
        var report = new JsonObject
        {
            ["machine"] = Machine.Describe(info),
        };
        progress.WriteLine("peak matrix rate ...");
        var peak = PeakGemm.Measure(options.Quick);
        report["peak_gemm_gflops"] = Math.Round(peak / 1e9, 1);
        var (rollout, rolloutShare, training, trainingShare) = (new JsonObject(), new JsonObject(), new JsonObject(), new JsonObject());
        foreach (var create in new[] { BenchModel.Quickstart, BenchModel.TwentyFiveMillion })
        {
            using var model = create();
            var (rates, shares) = (new JsonObject(), new JsonObject());
            foreach (var batch in options.Quick ? Batches[..2] : Batches)
            {
                progress.WriteLine($"rollouts, {model.Name}, batch {batch} ...");
                var rate = RolloutBench.TokensPerSecond(model, batch, options.Quick);
                rates[$"{batch}"] = Math.Round(rate);
                shares[$"{batch}"] = Share(rate * RolloutBench.OperationsPerToken(model), peak);
            }

            (rollout[model.Name], rolloutShare[model.Name]) = (rates, shares);
            progress.WriteLine($"training, {model.Name} ...");
            var trained = TrainingBench.TokensPerSecond(model, options.Quick);
            training[model.Name] = Math.Round(trained);
            trainingShare[model.Name] = Share(trained * TrainingBench.OperationsPerToken(model), peak);
        }

        report["rollout_tokens_per_second"] = rollout;
        report["rollout_peak_share"] = rolloutShare;
        report["training_tokens_per_second"] = training;
        report["training_peak_share"] = trainingShare;
        progress.WriteLine("growth over 100 steps ...");
        GrowthBench.Measure(report, options.Quick ? 10 : 100);
        return report;
    }

    private static double Share(double operationsPerSecond, double peak) => Math.Round(operationsPerSecond / peak, 3);
}
