using RolloutLab.Core;

namespace RolloutLab.Allocation;

/// <summary>Draws from Beta distributions out of a random stream.</summary>
public static class BetaDraw
{
    // Positions of the two gamma variates in the stream; each rejection uses two.
    private const long Second = 1L << 32;

    /// <summary>One draw, in [0, 1]; uses positions from 0 and from 2³².</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="a">First parameter, above 0.</param>
    /// <param name="b">Second parameter, above 0.</param>
    public static double From(RandomStream stream, double a, double b)
    {
        var (x, y) = (LogGamma(stream, 0, a), LogGamma(stream, Second, b));

        // In logarithms: for small parameters both variates can be below the least double.
        return 1 / (1 + Math.Exp(y - x));
    }

    /// <summary>The logarithm of a gamma variate (Marsaglia and Tsang 2000; below shape 1 by the usual power of a uniform).</summary>
    private static double LogGamma(RandomStream stream, long position, double shape)
    {
        var boost = 0.0;
        if (shape < 1)
        {
            boost = GradientOdds.LogOnePlus(-stream.Uniform(position++)) / shape;
            shape++;
        }

        var d = shape - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        for (; ; position += 2)
        {
            var normal = stream.Normal(position);
            var v = 1 + (c * normal);
            if (v > 0)
            {
                v = v * v * v;
                if (GradientOdds.LogOnePlus(-stream.Uniform(position + 1)) < (0.5 * normal * normal) + (d * (1 - v + Math.Log(v))))
                {
                    return Math.Log(d * v) + boost;
                }
            }
        }
    }
}
