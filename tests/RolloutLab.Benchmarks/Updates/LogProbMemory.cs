using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>Peak memory of log-probs and entropies, forward and backward, over a large vocabulary.</summary>
internal static class LogProbMemory
{
    private const int Vocabulary = 152_064;
    private const int Width = 64;

    /// <summary>Must run before anything else has raised the process's peak.</summary>
    public static void Measure(JsonObject report, bool quick)
    {
        var tokens = quick ? 1024 : 32_768;
        using var scope = new TensorScope();
        var stream = new RandomStreams(1).Stream(StreamPurpose.DatasetGeneration);
        var hidden = Random(tokens, stream, 0).requires_grad_();
        var head = Random(Vocabulary, stream, 1L << 40).requires_grad_();
        var targets = Enumerable.Range(0, tokens).Select(i => (long)stream.Below((1L << 41) + i, Vocabulary)).ToArray();
        var before = TorchRuntime.Memory().ResidentBytes;
        var (logProbs, entropy) = fused.token_log_probs(hidden, head, targets, 1, Vocabulary);
        (logProbs.sum() + entropy.sum()).backward();

        // The gradients of the head and of the hidden states belong to weights and activations.
        var gradients = sizeof(float) * (long)Width * (tokens + Vocabulary);
        report["log_prob_tokens"] = tokens;
        report["log_prob_peak_bytes"] = Math.Max(0, TorchRuntime.Memory().PeakResidentBytes - before - gradients);
    }

    private static Tensor Random(int rows, RandomStream stream, long first)
    {
        var values = new float[rows * Width];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = 0.1f * ((float)stream.Uniform(first + i) - 0.5f);
        }

        return torch.tensor<float>(values).reshape(rows, Width);
    }
}
