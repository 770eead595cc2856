using System.Diagnostics;
using System.Text.Json.Nodes;
using RolloutLab.Core;

namespace RolloutLab.Benchmarks;

/// <summary>
/// Plain sampling by the engine and by <see cref="PaddedGenerator"/>: the same weights, prompts and uniform numbers, so
/// the same responses but for draws that rounding decides. Lengths are geometric with a long tail up to the limit, as reasoning lengths are.
/// </summary>
internal static class StochasticBench
{
    private const int GroupSize = 8;

    /// <summary>Batches the padded loop is timed for: its rate is that of any batch, since each runs to its longest response.</summary>
    private const int PaddedBatches = 2;
    private const int EndToken = 1;

    /// <summary>Adds <c>tokens_per_second</c>, <c>padded_tokens_per_second</c>, <c>ratio_to_padded</c> and <c>peak_share</c> for a batch size.</summary>
    public static void Measure(BenchModel model, int batch, int batches, int maxNewTokens, double peak, JsonObject report)
    {
        var prompts = Enumerable.Range(0, batch * batches / GroupSize).Select(i => model.Prompt(i)).ToList();
        var (engineSeconds, result) = RunEngine(model, prompts, batch, maxNewTokens);
        var (paddedSeconds, paddedTokens) = RunPadded(model, prompts[..Math.Min(prompts.Count, batch * PaddedBatches / GroupSize)], batch, maxNewTokens);
        var tokens = result.Statistics.TokensGenerated;
        var (rate, paddedRate) = (tokens / engineSeconds, paddedTokens / paddedSeconds);
        Put(report, "tokens_per_second", batch, Math.Round(rate));
        Put(report, "padded_tokens_per_second", batch, Math.Round(paddedRate));
        Put(report, "ratio_to_padded", batch, Math.Round(rate / paddedRate, 2));
        Put(report, "peak_share", batch, Math.Round(Operations(model, result) / engineSeconds / peak, 3));
        report["mean_length"] = Math.Round(tokens / (double)(batch * batches), 1);
        report["max_length"] = maxNewTokens;
    }

    private static (double Seconds, RolloutResult Result) RunEngine(BenchModel model, List<Prompt> prompts, int batch, int maxNewTokens)
    {
        using var engine = new BenchEngine(model, batch, (long)batch * (model.PromptLength + maxNewTokens + 32), EndToken);
        var budgets = prompts.Select(p => new PromptBudget(p, 0, GroupSize)).ToList();
        engine.Generate(budgets[..1], new SamplingParameters { MaxNewTokens = 4 });
        var started = Stopwatch.GetTimestamp();
        var result = engine.Generate(budgets, new SamplingParameters { MaxNewTokens = maxNewTokens });
        return (Stopwatch.GetElapsedTime(started).TotalSeconds, result);
    }

    private static (double Seconds, long Tokens) RunPadded(BenchModel model, List<Prompt> prompts, int batch, int maxNewTokens)
    {
        using var generator = new PaddedGenerator(model.Weights);
        var streams = new RandomStreams(1);
        var rows = prompts.SelectMany(p => Enumerable.Range(0, GroupSize).Select(r => (Prompt: p, Rollout: r))).ToList();
        generator.Generate([rows[0].Prompt.TokenIds], (_, _) => 0.5, EndToken, 2);
        var (started, tokens) = (Stopwatch.GetTimestamp(), 0L);
        foreach (var chunk in rows.Chunk(batch))
        {
            var draws = chunk.Select(r => streams.Stream(StreamPurpose.TrainingRollout, 1, r.Prompt.Index, r.Rollout)).ToArray();
            tokens += generator.Generate([.. chunk.Select(r => r.Prompt.TokenIds)], (b, t) => draws[b].Uniform(t), EndToken, maxNewTokens);
        }

        return (Stopwatch.GetElapsedTime(started).TotalSeconds, tokens);
    }

    /// <summary>The model's own arithmetic: each prompt once, each response token at its context.</summary>
    private static double Operations(BenchModel model, RolloutResult result) => result.Groups.Sum(g =>
        (model.PromptLength * model.ForwardOperations(model.PromptLength / 2.0))
        + g.Rollouts.Sum(r => r.Length * model.ForwardOperations(model.PromptLength + (r.Length / 2.0))));

    private static void Put(JsonObject report, string name, int batch, double value)
    {
        report[name] ??= new JsonObject();
        report[name]![$"{batch}"] = value;
    }
}
