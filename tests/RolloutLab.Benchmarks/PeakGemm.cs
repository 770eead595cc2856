using System.Diagnostics;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>The best float32 matrix product rate of the machine through the BLAS that training uses.</summary>
internal static class PeakGemm
{
    /// <summary>Operations a second: the best of several square sizes and repeats.</summary>
    public static double Measure(bool quick)
    {
        var best = 0.0;
        foreach (var size in quick ? [512] : new[] { 1024, 1536, 2048 })
        {
            for (var repeat = 0; repeat < (quick ? 2 : 12); repeat++)
            {
                best = Math.Max(best, Once(size));
            }
        }

        return best;
    }

    private static double Once(int size)
    {
        using var scope = new TensorScope();
        var (a, b) = (torch.ones([size, size]), torch.ones([size, size]));
        var started = Stopwatch.GetTimestamp();
        torch.matmul(a, b);
        return 2.0 * size * size * size / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
