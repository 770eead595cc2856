using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>The <c>update</c> suite: what objective, recomposition and log-probs cost beside the model's own work.</summary>
internal sealed class UpdateSuite : IBenchSuite
{
    public string Name => "update";

    public string Summary => "share of losses and advantages in an update, recomposition of 100,000 rollouts, memory of the log-prob pass";

    public JsonObject Run(BenchOptions options, TextWriter progress)
    {
        var info = TorchRuntime.Initialize(options.Threads);
        var report = new JsonObject { ["machine"] = Machine.Describe(info) };

        progress.WriteLine("memory of the log-prob pass ...");
        LogProbMemory.Measure(report, options.Quick);
        var shares = new JsonObject();
        foreach (var create in new[] { BenchModel.Quickstart, BenchModel.TwentyFiveMillion })
        {
            using var model = create();
            progress.WriteLine($"update and objective, {model.Name} ...");
            shares[model.Name] = Math.Round(ObjectiveBench.Share(model, options.Quick), 5);
        }

        report["objective_share"] = shares;
        progress.WriteLine("losses ...");
        report["loss_nanoseconds_per_token"] = ObjectiveBench.NanosecondsPerToken(options.Quick);
        progress.WriteLine("recomposition ...");
        RecompositionBench.Measure(report, options.Quick);
        return report;
    }

    public string Table(JsonObject report)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{report["machine"]}");
        foreach (var (model, share) in report["objective_share"]!.AsObject())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{$"losses and advantages, {model}",-42}{100 * (double)share!,9:0.00} % of the update");
        }

        foreach (var (loss, time) in report["loss_nanoseconds_per_token"]!.AsObject())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{$"loss {loss}",-42}{(double)time!,9:0.0} ns a token");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"{$"recomposition of {(int)report["recomposed_rollouts"]!:#,0} rollouts",-42}{(double)report["recomposition_milliseconds"]!,9:0.0} ms");
        text.AppendLine(CultureInfo.InvariantCulture, $"{$"log-probs of {(int)report["log_prob_tokens"]!:#,0} tokens, vocabulary 152k",-42}{(long)report["log_prob_peak_bytes"]! / (double)(1 << 30),9:0.00} GiB beyond weights and activations");
        foreach (var (key, name) in new[] { ("log_prob_bfloat16_peak_bytes", "the same with bfloat16 weights"), ("scoring_peak_bytes", "the same without gradients"), ("sampling_peak_bytes", $"drawing {report["sampling_batch"]} tokens, their logits included") })
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{name,-42}{(long)report[key]! / (double)(1 << 30),9:0.00} GiB");
        }

        return text.ToString().TrimEnd();
    }
}
