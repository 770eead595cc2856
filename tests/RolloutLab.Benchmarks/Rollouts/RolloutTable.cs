using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace RolloutLab.Benchmarks;

/// <summary>The rollout report as text for people.</summary>
internal static class RolloutTable
{
    public static string Of(JsonObject report)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{report["machine"]}");
        text.AppendLine(CultureInfo.InvariantCulture, $"peak matrix rate   {report["peak_gemm_gflops"]} GFLOP/s");
        AddStochastic(text, report["stochastic"]!.AsObject());
        AddTreeTraining(text, report["tree_training"]!.AsObject());
        return text.ToString().TrimEnd();
    }

    private static void AddStochastic(StringBuilder text, JsonObject s)
    {
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"stochastic rollouts, groups of 8, mean length {s["mean_length"]} of at most {s["max_length"]}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"  batch",-10}{"engine",14}{"padded loop",16}{"ratio",10}{"of peak",10}");
        foreach (var (batch, ratio) in s["ratio_to_padded"]!.AsObject())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {batch,-8}{(double)s["tokens_per_second"]![batch]!,8:#,0} tok/s{(double)s["padded_tokens_per_second"]![batch]!,10:#,0} tok/s{(double)ratio!,9:0.00}x{100 * (double)s["peak_share"]![batch]!,9:0.0}%");
        }
    }

    private static void AddTreeTraining(StringBuilder text, JsonObject t)
    {
        text.AppendLine();
        text.AppendLine("training on a 256-token prefix with leaves of 64 tokens, against every leaf laid down whole");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"  leaves",-10}{"time",14}{"tokens",16}");
        foreach (var (leaves, time) in t["time_ratio_by_leaves"]!.AsObject())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {leaves,-8}{(double)time!,13:0.000}x{(double)t["token_ratio_by_leaves"]![leaves]!,15:0.000}x");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"  nothing shared: {t["time_ratio_nothing_shared"]}x");
    }
}
