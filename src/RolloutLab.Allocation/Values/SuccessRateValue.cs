using System.Runtime.CompilerServices;

namespace RolloutLab.Allocation;

/// <summary>
/// The published value of rollouts (Knapsack RL, arXiv 2509.25849): Value(n, p) = [1 − pⁿ − (1−p)ⁿ] · p(1−p)² at a known
/// success rate p for each prompt. From n = 1 on the marginal [pⁿ(1−p) + (1−p)ⁿp] · p(1−p)² falls with n.
/// </summary>
/// <param name="rates">Success rate of each prompt, in [0, 1]; borrowed.</param>
public sealed class SuccessRateValue(double[] rates) : IRolloutValue
{
    /// <inheritdoc/>
    public int Count => rates.Length;

    /// <inheritdoc/>
    public double Value(int prompt, int rollouts) => GradientOdds.Value(rollouts, rates[prompt]);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Marginal(int prompt, int rollouts)
    {
        if (rollouts < 1)
        {
            return 0;
        }

        var p = rates[prompt];
        var q = 1 - p;
        return ((GradientOdds.Power(p, rollouts) * q) + (GradientOdds.Power(q, rollouts) * p)) * (p * q * q);
    }

    /// <inheritdoc/>
    public bool IsConcaveFrom(int rollouts) => rollouts >= 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Best(int prompt, double price, int low, int up)
    {
        if (price <= 0)
        {
            return up;
        }

        var start = Math.Min(Math.Max(low, 1), up);
        var last = LastWorth(prompt, price, start, up);
        var most = last >= start ? last + 1 : start;
        return low > 0 || Value(prompt, most) - (price * most) >= 0 ? most : 0;
    }

    /// <summary>The largest k in [start, up) whose marginal is at least the price; start − 1 when none is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int LastWorth(int prompt, double price, int start, int up)
    {
        var p = rates[prompt];
        var rarer = Math.Min(p, 1 - p);
        if (!(rarer > 0))
        {
            return start - 1;
        }

        // The slower of the two powers alone gives a count that is short by a step or two at most; the exact marginals decide.
        var guess = Math.Floor(Math.Log(price / (p * (1 - p) * (1 - p) * rarer)) / GradientOdds.LogOnePlus(-rarer));
        var k = guess >= up - 1 ? up - 1 : guess >= start - 1 ? (int)guess : start - 1;
        while (k + 1 < up && Marginal(prompt, k + 1) >= price)
        {
            k++;
        }

        while (k >= start && Marginal(prompt, k) < price)
        {
            k--;
        }

        return k;
    }
}
