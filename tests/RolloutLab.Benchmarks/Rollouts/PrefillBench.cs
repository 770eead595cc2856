using System.Diagnostics;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>The first token of a prompt, beside the model's matrix products alone on as many rows.</summary>
internal static class PrefillBench
{
    private const int Repeats = 12;

    /// <summary>Measures a prompt of so many tokens; best of several runs, taken in turns.</summary>
    public static JsonObject Measure(BenchModel model, int tokens)
    {
        using var engine = new BenchEngine(model, sequences: 1, tokens + 64);
        var prompt = new Prompt(0, "bench", "", [.. Enumerable.Range(0, tokens).Select(i => i % model.Model.Config.VocabularySize)], "");
        using var session = engine.Source.Open(1, RolloutPurpose.Training, new SamplingParameters { MaxNewTokens = 1 });
        var (first, products) = (double.MaxValue, double.MaxValue);
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            first = Math.Min(first, Seconds(() =>
            {
                session.Submit([new PromptBudget(prompt, 0, 1)]);
                session.Advance(leave: 0, null, CancellationToken.None);
            }));
            products = Math.Min(products, ProductSeconds(model.Model.Config, tokens));
        }

        return new JsonObject
        {
            ["tokens"] = tokens,
            ["first_token_milliseconds"] = Math.Round(first * 1e3, 2),
            ["products_milliseconds"] = Math.Round(products * 1e3, 2),
            ["ratio"] = Math.Round(first / products, 3),
        };
    }

    /// <summary>The products of every layer on all rows; the last row's logits are too few to count.</summary>
    private static double ProductSeconds(ModelConfig config, int rows)
    {
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        (int Outputs, int Inputs)[] shapes =
        [
            (config.QueryWidth + (2 * config.KeyValueWidth), config.HiddenSize),
            (config.HiddenSize, config.QueryWidth),
            (2 * config.IntermediateSize, config.HiddenSize),
            (config.HiddenSize, config.IntermediateSize),
        ];
        var products = shapes.Select(s => (s.Outputs, X: torch.ones([rows, s.Inputs]), Packed: fused.pack_linear(torch.ones([s.Outputs, s.Inputs])))).ToArray();
        return Seconds(() =>
        {
            for (var layer = 0; layer < config.Layers; layer++)
            {
                foreach (var (outputs, x, packed) in products)
                {
                    fused.packed_linear(x, packed, outputs).Dispose();
                }
            }
        });
    }

    private static double Seconds(Action work)
    {
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
