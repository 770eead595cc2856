using System.Runtime.CompilerServices;

namespace RolloutLab.Allocation;

/// <summary>
/// What a group of n rollouts with success probability p is good for (Knapsack RL, arXiv 2509.25849). A group gives a
/// gradient when it holds both a success and a failure.
/// </summary>
public static class GradientOdds
{
    /// <summary>P(gradient | n, p) = 1 − pⁿ − (1−p)ⁿ, in [0, 1]; 0 for n below 2.</summary>
    /// <param name="rollouts">n, at least 0.</param>
    /// <param name="rate">p in [0, 1].</param>
    public static double NonZero(int rollouts, double rate)
    {
        var rarer = Math.Min(rate, 1 - rate);
        if (rollouts < 2 || !(rarer > 0))
        {
            return 0;
        }

        // 1 − (1−s)ⁿ by expm1: near p = 0 or 1 the plain difference has no digit left.
        return Math.Max(0, -ExpMinusOne(rollouts * LogOnePlus(-rarer)) - Power(rarer, rollouts));
    }

    /// <summary>InfoGain(p) = p(1−p)²: the first-order gain in p of one update; greatest at p = 1/3.</summary>
    public static double InfoGain(double rate) => rate * (1 - rate) * (1 - rate);

    /// <summary>Value(n, p) = P(gradient | n, p) · InfoGain(p).</summary>
    public static double Value(int rollouts, double rate) => NonZero(rollouts, rate) * InfoGain(rate);

    /// <summary>Expected rollouts until both outcomes are seen: 1/p + 1/(1−p) − 1; infinite at p = 0 and 1.</summary>
    public static double ExpectedUntilBoth(double rate) => (1 / rate) + (1 / (1 - rate)) - 1;

    /// <summary>
    /// The least n with max(p, 1−p)ⁿ ≤ 1 − confidence: n = ⌈ln(1−α) / ln max(p, 1−p)⌉, the rollouts a prompt can use.
    /// </summary>
    /// <param name="rate">p in (0, 1).</param>
    /// <param name="confidence">α in (0, 1); published: 0.9.</param>
    /// <returns>At least 1; <see cref="int.MaxValue"/> where it exceeds that.</returns>
    public static int ConfidentCount(double rate, double confidence)
    {
        var count = Math.Ceiling(LogOnePlus(-confidence) / LogOnePlus(-Math.Min(rate, 1 - rate)));
        return count < int.MaxValue ? (int)Math.Max(1, count) : int.MaxValue;
    }

    // .NET computes LogP1 and ExpM1 by the plain formulas; these keep every digit (Kahan).

    /// <summary>ln(1 + x), accurate near 0.</summary>
    internal static double LogOnePlus(double x)
    {
        var sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * x / (sum - 1);
    }

    private static double ExpMinusOne(double x)
    {
        var power = Math.Exp(x);
        return power == 1 ? x : power == 0 ? -1 : (power - 1) * x / Math.Log(power);
    }

    /// <summary>x to a whole power of at least 0, by squaring.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double Power(double x, int exponent)
    {
        var result = 1.0;
        for (; exponent > 0; exponent >>= 1, x *= x)
        {
            if ((exponent & 1) != 0)
            {
                result *= x;
            }
        }

        return result;
    }
}
