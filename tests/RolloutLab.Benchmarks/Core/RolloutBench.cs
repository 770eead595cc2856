using System.Diagnostics;
using RolloutLab.Core;

namespace RolloutLab.Benchmarks;

/// <summary>Rollout speed of the whole engine: scheduling, prefill, decode, sampling, and the text of every response.</summary>
internal static class RolloutBench
{
    /// <summary>Response tokens a second, best of several runs with <paramref name="batch"/> sequences of different prompts running at once.</summary>
    public static double TokensPerSecond(BenchModel model, int batch, bool quick)
    {
        using var engine = new BenchEngine(model, batch, (long)batch * (model.PromptLength + model.ResponseLength + 32));
        var budgets = Enumerable.Range(0, batch).Select(i => new PromptBudget(model.Prompt(i), 0, 1)).ToList();
        engine.Generate(budgets, new SamplingParameters { MaxNewTokens = 4 });
        var best = 0.0;
        for (var repeat = 0; repeat < (quick ? 1 : 3); repeat++)
        {
            var started = Stopwatch.GetTimestamp();
            var result = engine.Generate(budgets, new SamplingParameters { MaxNewTokens = quick ? 8 : model.ResponseLength });
            best = Math.Max(best, result.Statistics.TokensGenerated / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return best;
    }

    /// <summary>Operations of a response token: its own forward pass, and its share of the prompt's.</summary>
    public static double OperationsPerToken(BenchModel model)
    {
        var decode = model.ForwardOperations(model.PromptLength + (model.ResponseLength / 2.0));
        return decode + (model.ForwardOperations(model.PromptLength / 2.0) * model.PromptLength / model.ResponseLength);
    }
}
