using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>
/// Memory of all that sees a large vocabulary, beyond weights and activations: training in both formats, scoring, drawing
/// tokens. Each is measured in a process of its own, because an allocator keeps what was freed.
/// </summary>
internal static class LogProbMemory
{
    /// <summary>First argument of the process that measures one part; the others are the part and the number of tokens.</summary>
    public const string Worker = "log-prob-memory";

    private const int Vocabulary = 152_064;
    private const int Width = 64;
    private const int Batch = 256;

    /// <summary>Measures every part.</summary>
    public static void Measure(JsonObject report, bool quick)
    {
        var tokens = quick ? 1024 : 32_768;
        report["log_prob_tokens"] = tokens;
        report["log_prob_peak_bytes"] = InChild("training", tokens);
        report["log_prob_bfloat16_peak_bytes"] = InChild("training_bfloat16", tokens);
        report["scoring_peak_bytes"] = InChild("scoring", tokens);
        report["sampling_batch"] = Batch;
        report["sampling_peak_bytes"] = InChild("sampling", tokens);
    }

    /// <summary>Measures one part in this process, and prints its bytes.</summary>
    public static int Run(string part, string tokens, TextWriter output)
    {
        output.WriteLine(Peak(part, int.Parse(tokens, CultureInfo.InvariantCulture)));
        return 0;
    }

    private static long InChild(string part, int tokens)
    {
        var host = Environment.ProcessPath!;
        var start = new ProcessStartInfo(host) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(host) == "dotnet")
        {
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        foreach (var argument in new[] { Worker, part, tokens.ToString(CultureInfo.InvariantCulture) })
        {
            start.ArgumentList.Add(argument);
        }

        using var child = Process.Start(start)!;
        var text = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0
            ? long.Parse(text, CultureInfo.InvariantCulture)
            : throw new RunException($"the memory of {part} could not be measured: the process ended with {child.ExitCode}");
    }

    private static long Peak(string part, int tokens)
    {
        using var scope = new TensorScope();
        var stream = new RandomStreams(1).Stream(StreamPurpose.DatasetGeneration);
        var isTraining = part.StartsWith("training", StringComparison.Ordinal);
        var hidden = Random(tokens, stream, 0).requires_grad_(isTraining);
        var head = Random(Vocabulary, stream, 1L << 40).requires_grad_(isTraining);
        var targets = Enumerable.Range(0, tokens).Select(i => (long)stream.Below((1L << 41) + i, Vocabulary)).ToArray();
        var packed = part == "sampling" ? fused.pack_linear(head) : null;
        var before = TorchRuntime.Memory().ResidentBytes;
        File.WriteAllText("/proc/self/clear_refs", "5"); // Starts the high-water mark anew.
        if (packed is not null)
        {
            Draw(fused.packed_linear(hidden.narrow(0, 0, Math.Min(Batch, tokens)), packed, Vocabulary));
        }
        else
        {
            var (logProbs, entropy) = fused.token_log_probs(hidden, head, targets, 1, Vocabulary, rounded: part == "training_bfloat16");
            if (isTraining)
            {
                (logProbs.sum() + entropy.sum()).backward();
            }
        }

        // The gradients of the head and of the hidden states belong to weights and activations.
        var gradients = isTraining ? sizeof(float) * (long)Width * (tokens + Vocabulary) : 0;
        return Math.Max(0, TorchRuntime.Memory().PeakResidentBytes - before - gradients);
    }

    /// <summary>The draws of one engine step, from its logits.</summary>
    private static void Draw(Tensor logits)
    {
        var count = (int)logits.shape[0];
        var request = new SampleRequest
        {
            Rows = Enumerable.Range(0, count).ToArray(),
            Temperature = Enumerable.Repeat(1f, count).ToArray(),
            TopK = new int[count],
            TopP = Enumerable.Repeat(0.9f, count).ToArray(),
            MinP = new float[count],
            Uniform = Enumerable.Range(0, count).Select(i => i / (double)count).ToArray(),
            Vocabulary = Vocabulary,
        };
        fused.sample(logits, request, new int[count], new float[count]);
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
