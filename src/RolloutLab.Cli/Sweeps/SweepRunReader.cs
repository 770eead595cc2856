using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Reads what a finished run left behind.</summary>
internal static class SweepRunReader
{
    /// <summary>The run in a folder; null when it is not there or not finished.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="variant">Its variant.</param>
    /// <param name="hash">Hash that its recipe must have.</param>
    /// <exception cref="RunException">It is of another recipe, or damaged.</exception>
    public static SweepRun? Read(string folder, string variant, string hash)
    {
        var path = Path.Combine(folder, "summary.json");
        if (!File.Exists(path) || RunSummary.Read(path) is not { Stopped: RunEnding.Finished } summary)
        {
            return null;
        }

        if (summary.RecipeHash != hash)
        {
            throw new RunException($"{folder} holds a run of another recipe; delete it, or give --run-dir another folder");
        }

        var (curve, ratio) = ReadMetrics(Path.Combine(folder, "metrics.jsonl"));
        return new SweepRun(variant, summary.Seed, summary.Final.PassAt1 ?? double.NaN, summary.Final.ResponseLength ?? double.NaN, ratio, curve);
    }

    private static (List<SweepPoint> Curve, double EffectiveRatio) ReadMetrics(string path)
    {
        var curve = new List<SweepPoint>();
        double rollouts = 0, tokens = 0, ratios = 0;
        var steps = 0;
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                using var row = JsonDocument.Parse(line);
                rollouts += Value(row.RootElement, "budget/rollouts/total") ?? 0;
                tokens += Value(row.RootElement, "engine/tokens_generated") ?? 0;
                if (Value(row.RootElement, "budget/effective_gradient_ratio") is { } ratio)
                {
                    (ratios, steps) = (ratios + ratio, steps + 1);
                }

                if (PassAt1(row.RootElement) is { } pass)
                {
                    curve.Add(new SweepPoint((long)(Value(row.RootElement, "step") ?? 0), rollouts, tokens, pass));
                }
            }
        }
        catch (Exception error) when (error is IOException or JsonException or InvalidOperationException)
        {
            throw new RunException($"{path} is damaged: {error.Message}; delete its folder to run it again", error);
        }

        return (curve, steps > 0 ? ratios / steps : double.NaN);
    }

    private static double? Value(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static double? PassAt1(JsonElement row) => row.EnumerateObject()
        .Where(p => p.Name.StartsWith("val-core/", StringComparison.Ordinal) && p.Name.EndsWith("/pass@1", StringComparison.Ordinal))
        .Select(p => (double?)p.Value.GetDouble()).FirstOrDefault();
}
