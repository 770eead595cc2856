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
        AddPrefill(text, report["prefill"]!.AsObject());
        AddGrowth(text, report["growth"]!.AsObject());
        AddTrees(text, report);
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

    private static void AddPrefill(StringBuilder text, JsonObject p)
    {
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"first token after {p["tokens"]} prompt tokens   {p["first_token_milliseconds"]} ms, {p["ratio"]}x of the matrix products alone");
    }

    private static void AddGrowth(StringBuilder text, JsonObject growth)
    {
        text.AppendLine();
        text.AppendLine("milliseconds of a decode step");
        foreach (var (size, cost) in growth)
        {
            var times = string.Join("  ", cost!["milliseconds"]!.AsObject().Select(t => $"{t.Key}: {t.Value}"));
            text.AppendLine(CultureInfo.InvariantCulture, $"  {size,-8} {times}  exponent {cost["exponent"]}");
        }
    }

    private static void AddTrees(StringBuilder text, JsonObject report)
    {
        var latr = report["latr"]!.AsObject();
        text.AppendLine();
        text.AppendLine("lookahead trees (LATR) on Countdown, every group a tree");
        text.AppendLine(CultureInfo.InvariantCulture, $"  time for each leaf token      {latr["time_per_leaf_token_ratio"]}x of plain sampling");
        text.AppendLine(CultureInfo.InvariantCulture, $"  tokens computed / in leaves   {latr["computed_over_leaf_tokens"]}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  peak KV / distinct tokens     {latr["kv_peak_over_distinct"]}");
        foreach (var (tokens, cost) in report["fork_and_prune_microseconds_by_tokens"]!.AsObject())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  at {tokens,4} tokens: fork {cost!["fork"]} us, prune {cost["prune"]} us");
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
