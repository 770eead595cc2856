using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace RolloutLab.Benchmarks;

/// <summary>The core report as text for people.</summary>
internal static class CoreTable
{
    public static string Of(JsonObject report)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{report["machine"]}");
        text.AppendLine(CultureInfo.InvariantCulture, $"peak matrix rate   {report["peak_gemm_gflops"]} GFLOP/s");
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{"",-26}{"tokens/s",12}{"of peak",10}");
        var (rollout, training) = (report["rollout_tokens_per_second"]!.AsObject(), report["training_tokens_per_second"]!.AsObject());
        foreach (var (model, rates) in rollout)
        {
            foreach (var (batch, rate) in rates!.AsObject())
            {
                Row(text, $"{model}: rollout, batch {batch}", rate!, report["rollout_peak_share"]![model]![batch]!);
            }

            Row(text, $"{model}: training", training[model]!, report["training_peak_share"]![model]!);
        }

        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"over {report["steps"]} updates: live tensors {(long)report["live_tensor_growth"]!:+0;-0;0}, resident bytes {(long)report["native_bytes_growth"]!:+#,0;-#,0;0}, managed bytes per token {report["managed_bytes_per_token"]}");
        return text.ToString().TrimEnd();
    }

    private static void Row(StringBuilder text, string name, JsonNode rate, JsonNode share) =>
        text.AppendLine(CultureInfo.InvariantCulture, $"{name,-26}{(double)rate,12:#,0}{100 * (double)share,9:0.0}%");
}
