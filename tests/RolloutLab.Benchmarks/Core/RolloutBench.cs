using System.Diagnostics;
using RolloutLab.Core;
using RolloutLab.Engine;
using RolloutLab.Models;

namespace RolloutLab.Benchmarks;

/// <summary>Rollout speed of the whole engine: scheduling, prefill, decode, sampling, and the text of every response.</summary>
internal static class RolloutBench
{
    /// <summary>Response tokens a second, best of several runs with <paramref name="batch"/> sequences of different prompts running at once.</summary>
    public static double TokensPerSecond(BenchModel model, int batch, bool quick)
    {
        var tokenizer = new BenchTokenizer(model.Model.Config.VocabularySize, endToken: -1);
        var cache = KvCacheSize.OfTokens((long)batch * (model.PromptLength + model.ResponseLength + 32), 16);
        using var runner = new PagedModelRunner(model.Model, cache);
        var options = new EngineOptions { MaxRunningSequences = batch, MaxTokensPerStep = 2048 };
        var source = new EngineRolloutSource(runner, tokenizer, options, new RandomStreams(1), () => 0);
        var prompts = Enumerable.Range(0, batch).Select(i => new PromptBudget(Prompt(model, i), 0, 1)).ToList();
        var sampling = new SamplingParameters { MaxNewTokens = quick ? 8 : model.ResponseLength };
        var request = new RolloutRequest(1, RolloutPurpose.Training, prompts, sampling);
        source.Generate(request with { Sampling = new SamplingParameters { MaxNewTokens = 4 } }, null, CancellationToken.None);
        var best = 0.0;
        for (var repeat = 0; repeat < (quick ? 1 : 3); repeat++)
        {
            var started = Stopwatch.GetTimestamp();
            var result = source.Generate(request, null, CancellationToken.None);
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

    /// <summary>A random prompt of the model's prompt length.</summary>
    public static Prompt Prompt(BenchModel model, int index)
    {
        var stream = new RandomStreams(2).Stream(StreamPurpose.DatasetGeneration, prompt: index);
        var ids = Enumerable.Range(0, model.PromptLength).Select(i => stream.Below(i, model.Model.Config.VocabularySize)).ToArray();
        return new Prompt(index, $"bench-{index}", "", ids, "");
    }
}
