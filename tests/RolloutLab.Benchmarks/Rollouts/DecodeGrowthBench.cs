using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using RolloutLab.Core;

namespace RolloutLab.Benchmarks;

/// <summary>
/// What a decode step costs as the batch, the context and the leaves of a prompt grow, and with which exponent: the slope of
/// the logarithm of its time over that of the size.
/// </summary>
internal static class DecodeGrowthBench
{
    private const int Steps = 24;

    /// <summary>Adds a part for each size that grows, with <c>milliseconds</c> by size and the <c>exponent</c>.</summary>
    public static JsonObject Measure(BenchModel model, bool quick) => new()
    {
        ["batch"] = Grow(quick ? [2, 4] : [16, 32, 64, 128, 256], n => StepSeconds(model, prompts: n, leaves: 1, context: 128)),
        ["context"] = Grow(quick ? [16, 32] : [128, 256, 512, 1024, 2048, 4096], n => StepSeconds(model, prompts: 16, leaves: 1, context: n)),
        ["leaves"] = Grow(quick ? [2, 4] : [4, 16, 64, 256], n => StepSeconds(model, prompts: 1, leaves: n, context: 256)),
    };

    private static JsonObject Grow(int[] sizes, Func<int, double> seconds)
    {
        var milliseconds = new JsonObject();
        var points = new List<(double Size, double Seconds)>();
        foreach (var size in sizes)
        {
            var cost = seconds(size);
            points.Add((Math.Log(size), Math.Log(cost)));
            milliseconds[size.ToString(CultureInfo.InvariantCulture)] = Math.Round(cost * 1e3, 2);
        }

        var (x, y) = (points.Average(p => p.Size), points.Average(p => p.Seconds));
        var slope = points.Sum(p => (p.Size - x) * (p.Seconds - y)) / points.Sum(p => (p.Size - x) * (p.Size - x));
        return new JsonObject { ["milliseconds"] = milliseconds, ["exponent"] = Math.Round(slope, 2) };
    }

    /// <summary>Seconds of one step of all sequences: the prompts' own cost falls out of the difference of two runs.</summary>
    private static double StepSeconds(BenchModel model, int prompts, int leaves, int context)
    {
        using var engine = new BenchEngine(model, prompts * leaves, (long)prompts * (context + ((long)leaves * (Steps + 32))));
        var budgets = Enumerable.Range(0, prompts).Select(i => new PromptBudget(model.Prompt(i, context), 0, leaves)).ToList();
        double Seconds(int tokens)
        {
            var started = Stopwatch.GetTimestamp();
            engine.Generate(budgets, new SamplingParameters { MaxNewTokens = tokens });
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        Seconds(2);
        return (Best(() => Seconds(Steps + 2)) - Best(() => Seconds(2))) / Steps;
    }

    private static double Best(Func<double> seconds) => Math.Min(seconds(), seconds());
}
