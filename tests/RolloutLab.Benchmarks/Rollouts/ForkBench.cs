using System.Diagnostics;
using RolloutLab.Engine;

namespace RolloutLab.Benchmarks;

/// <summary>What a fork and a prune cost in the block pool, beside the decode step.</summary>
internal static class ForkBench
{
    private const int BlockSize = 16;

    /// <summary>Microseconds of a fork and of a prune of a sequence of so many tokens.</summary>
    public static (double Fork, double Prune) Microseconds(int tokens, bool quick)
    {
        var pool = new KvBlockPool((tokens / BlockSize) + 64, BlockSize);
        var parent = new KvBlockTable();
        pool.TryAppend(parent, tokens, out _);
        var repeats = quick ? 1_000 : 200_000;
        var child = new KvBlockTable();
        Once(pool, parent, child, repeats / 10);
        return Once(pool, parent, child, repeats);
    }

    private static (double Fork, double Prune) Once(KvBlockPool pool, KvBlockTable parent, KvBlockTable child, int repeats)
    {
        long fork = 0, prune = 0;
        for (var i = 0; i < repeats; i++)
        {
            var started = Stopwatch.GetTimestamp();
            pool.Fork(parent, parent.Length, child);
            var between = Stopwatch.GetTimestamp();
            pool.Free(child);
            fork += between - started;
            prune += Stopwatch.GetTimestamp() - between;
        }

        var microseconds = 1e6 / Stopwatch.Frequency / repeats;
        return (fork * microseconds, prune * microseconds);
    }
}
