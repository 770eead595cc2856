using System.Runtime.CompilerServices;

namespace RolloutLab.Core;

/// <summary>
/// Counter-based random numbers keyed by (seed, purpose, step, prompt, rollout, position): a draw is a pure function of
/// its key, so it never depends on scheduling, batch order or preemption. Philox4x32-10 (Salmon et al., SC 2011).
/// </summary>
public readonly struct RandomStreams(ulong seed)
{
    /// <summary>The run's seed.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>The stream of one rollout (or, with other meanings for the keys, of anything else that draws).</summary>
    public RandomStream Stream(StreamPurpose purpose, long step = 0, long prompt = 0, long rollout = 0)
    {
        // The key is hashed to 128 bits with Philox itself; two different keys meet with probability 2^-128.
        var first = Philox.Block((ulong)step, (ulong)prompt, Seed ^ ((ulong)purpose << 56));
        var second = Philox.Block((ulong)rollout, first.High, first.Low);
        return new RandomStream(second.Low, second.High);
    }
}

/// <summary>One random stream; draws are addressed by position, so any of them can be repeated.</summary>
public readonly struct RandomStream
{
    private const double Scale53 = 1.0 / (1L << 53);

    private readonly ulong _key;
    private readonly ulong _salt;

    internal RandomStream(ulong key, ulong salt) => (_key, _salt) = (key, salt);

    /// <summary>64 uniform bits at a position.</summary>
    public ulong Bits(long position) => Philox.Block((ulong)position, _salt, _key).Low;

    /// <summary>A uniform number in [0, 1) with 53 random bits at a position.</summary>
    public double Uniform(long position) => (Bits(position) >> 11) * Scale53;

    /// <summary>A uniform integer in [0, bound) at a position; bias below bound / 2^64.</summary>
    public int Below(long position, int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)Math.BigMul(Bits(position), (ulong)bound, out _);
    }

    /// <summary>A standard normal number at a position (Box-Muller on one 128-bit block).</summary>
    public double Normal(long position)
    {
        var (low, high) = Philox.Block((ulong)position, _salt, _key);
        var radius = Math.Sqrt(-2 * Math.Log(((low >> 11) + 1) * Scale53));
        return radius * Math.Cos(2 * Math.PI * ((high >> 11) * Scale53));
    }

    /// <summary>Shuffles in place (Fisher-Yates); uses positions [0, items.Length).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Below(i, i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}

/// <summary>The Philox4x32-10 block function.</summary>
internal static class Philox
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (ulong Low, ulong High) Block(ulong counterLow, ulong counterHigh, ulong key)
    {
        uint c0 = (uint)counterLow, c1 = (uint)(counterLow >> 32), c2 = (uint)counterHigh, c3 = (uint)(counterHigh >> 32);
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (var round = 0; round < 10; round++)
        {
            var p0 = 0xD2511F53UL * c0;
            var p1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }

        return (c0 | ((ulong)c1 << 32), c2 | ((ulong)c3 << 32));
    }
}
