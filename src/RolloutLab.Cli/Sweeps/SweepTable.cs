using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RolloutLab.Cli;

/// <summary>One variant over its seeds.</summary>
/// <param name="Name">The variant.</param>
/// <param name="Runs">Runs done.</param>
/// <param name="PassAt1">Final pass@1.</param>
/// <param name="Length">Final mean response length, in tokens.</param>
/// <param name="EffectiveRatio">Share of rollouts in groups with both outcomes.</param>
/// <param name="Rollouts">Rollouts until the target, over the runs that reached it.</param>
/// <param name="Tokens">Tokens until the target, over the runs that reached it.</param>
internal sealed record SweepRow(string Name, int Runs, Estimate PassAt1, Estimate Length, Estimate EffectiveRatio, Estimate Rollouts, Estimate Tokens);

/// <summary>A sweep's result: a line a variant, means and 95 % intervals over seeds.</summary>
/// <param name="Target">pass@1 that costs are counted to; NaN before the first variant has a run.</param>
/// <param name="Rows">The variants in the order of the file; those without a run are left out.</param>
internal sealed record SweepTable(double Target, IReadOnlyList<SweepRow> Rows)
{
    private static readonly string[] Header = ["variant", "runs", "pass@1", "length", "effective ratio", "rollouts to target", "tokens to target", "reached"];

    /// <summary>Summarises the runs.</summary>
    /// <param name="variants">Names of the variants in order; the first is the yardstick.</param>
    /// <param name="runs">The runs that are done.</param>
    /// <param name="target">pass@1 to count costs to; null for the first variant's mean at the end.</param>
    public static SweepTable Of(IReadOnlyList<string> variants, IReadOnlyList<SweepRun> runs, double? target)
    {
        var goal = target ?? Estimate.Of(runs.Where(r => r.Variant == variants[0]).Select(r => r.PassAt1)).Mean;
        return new SweepTable(goal, [.. variants.Where(v => runs.Any(r => r.Variant == v)).Select(v =>
        {
            var own = runs.Where(r => r.Variant == v).ToList();
            var costs = own.Select(r => r.CostTo(goal)).ToList();
            return new SweepRow(
                v,
                own.Count,
                Estimate.Of(own.Select(r => r.PassAt1)),
                Estimate.Of(own.Select(r => r.Length)),
                Estimate.Of(own.Select(r => r.EffectiveRatio)),
                Estimate.Of(costs.Select(c => c?.Rollouts ?? double.NaN)),
                Estimate.Of(costs.Select(c => c?.Tokens ?? double.NaN)));
        })]);
    }

    /// <summary>The table as aligned text, without a trailing line feed.</summary>
    public string ToText()
    {
        var rows = Rows.Select(r => new[]
        {
            r.Name, Count(r.Runs), Text(r.PassAt1, "0.000"), Text(r.Length, "0.0"), Text(r.EffectiveRatio, "0.000"), Text(r.Rollouts, "#,0"), Text(r.Tokens, "#,0"),
            $"{r.Rollouts.Count}/{r.Runs}",
        }).Prepend(Header).ToList();
        var widths = Header.Select((_, c) => rows.Max(r => r[c].Length)).ToArray();
        var lines = rows.Select(r => string.Join("  ", r.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))));
        return string.Join('\n', lines.Append("").Append(string.Create(
            CultureInfo.InvariantCulture, $"means and 95 % intervals over seeds; target: pass@1 {Target:0.000}")));
    }

    /// <summary>The same for machines.</summary>
    public string ToJson(string folder)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("folder", folder);
            WriteNumber(json, "target", Target);
            json.WriteStartArray("variants");
            foreach (var row in Rows)
            {
                json.WriteStartObject();
                json.WriteString("name", row.Name);
                json.WriteNumber("runs", row.Runs);
                Write(json, "pass_at_1", row.PassAt1);
                Write(json, "length", row.Length);
                Write(json, "effective_gradient_ratio", row.EffectiveRatio);
                Write(json, "rollouts_to_target", row.Rollouts);
                Write(json, "tokens_to_target", row.Tokens);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter json, string name, Estimate estimate)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", estimate.Count);
        WriteNumber(json, "mean", estimate.Mean);
        WriteNumber(json, "low", estimate.Mean - estimate.HalfWidth);
        WriteNumber(json, "high", estimate.Mean + estimate.HalfWidth);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static string Count(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(Estimate estimate, string format) => estimate.Count == 0 ? "-"
        : estimate.Mean.ToString(format, CultureInfo.InvariantCulture)
        + (double.IsNaN(estimate.HalfWidth) ? "" : $" ± {estimate.HalfWidth.ToString(format, CultureInfo.InvariantCulture)}");
}
