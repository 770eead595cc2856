using System.Text.Json.Nodes;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>The <c>rollout</c> suite: the engine beside the padded loop it replaces, trees beside plain sampling, and what shared prefixes save in training.</summary>
internal sealed class RolloutSuite : IBenchSuite
{
    private static readonly int[] Leaves = [1, 4, 16, 64];

    public string Name => "rollout";

    public string Summary => "the engine beside a padded generate loop, lookahead trees beside plain sampling, training on trees";

    public string Table(JsonObject report) => RolloutTable.Of(report);

    public JsonObject Run(BenchOptions options, TextWriter progress)
    {
        var info = TorchRuntime.Initialize(options.Threads);
        var report = new JsonObject { ["machine"] = Machine.Describe(info) };
        progress.WriteLine("peak matrix rate ...");
        var peak = PeakGemm.Measure(options.Quick);
        report["peak_gemm_gflops"] = Math.Round(peak / 1e9, 1);
        using var model = BenchModel.TwentyFiveMillionReasoning();
        report["stochastic"] = Stochastic(model, options, peak, progress);
        using (var longModel = BenchModel.TwentyFiveMillionLong())
        {
            progress.WriteLine("first token of a prompt ...");
            report["prefill"] = PrefillBench.Measure(longModel, options.Quick ? 64 : 512);
            progress.WriteLine("growth with batch, context and leaves ...");
            report["growth"] = DecodeGrowthBench.Measure(longModel, options.Quick);
        }

        progress.WriteLine("lookahead trees beside plain sampling ...");
        report["latr"] = LatrBench.Measure(options.Quick);
        AddForks(report, options.Quick);
        report["tree_training"] = TreeTraining(model, options, progress);
        return report;
    }

    private static JsonObject Stochastic(BenchModel model, BenchOptions options, double peak, TextWriter progress)
    {
        var stochastic = new JsonObject();
        foreach (var batch in options.Quick ? [8] : new[] { 64, 256 })
        {
            progress.WriteLine($"stochastic rollouts, batch {batch}, engine and padded loop ...");
            StochasticBench.Measure(model, batch, batches: options.Quick ? 1 : 6, options.Quick ? 8 : 256, peak, stochastic);
        }

        return stochastic;
    }

    private static void AddForks(JsonObject report, bool quick)
    {
        var byTokens = new JsonObject();
        foreach (var tokens in new[] { 64, 512, 4096 })
        {
            var (fork, prune) = ForkBench.Microseconds(tokens, quick);
            byTokens[$"{tokens}"] = new JsonObject { ["fork"] = Math.Round(fork, 3), ["prune"] = Math.Round(prune, 3) };
        }

        (report["fork_microseconds"], report["prune_microseconds"]) = (byTokens["512"]!["fork"]!.DeepClone(), byTokens["512"]!["prune"]!.DeepClone());
        report["fork_and_prune_microseconds_by_tokens"] = byTokens;
        report["kv_peak_over_distinct"] = report["latr"]!["kv_peak_over_distinct"]!.DeepClone();
    }

    private static JsonObject TreeTraining(BenchModel model, BenchOptions options, TextWriter progress)
    {
        var (time, tokens) = (new JsonObject(), new JsonObject());
        foreach (var leaves in options.Quick ? Leaves[..2] : Leaves)
        {
            progress.WriteLine($"training on trees, {leaves} leaves ...");
            var cost = TreeTrainingBench.Shared(model, leaves, options.Quick);
            (time[$"{leaves}"], tokens[$"{leaves}"]) = (cost.TimeRatio, cost.TokenRatio);
        }

        return new JsonObject
        {
            ["time_ratio_by_leaves"] = time,
            ["token_ratio_by_leaves"] = tokens,
            ["time_ratio_nothing_shared"] = TreeTrainingBench.Unshared(model, options.Quick ? 4 : 16, options.Quick).TimeRatio,
        };
    }
}
