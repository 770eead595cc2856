namespace RolloutLab.Rewards;

/// <summary>A fraction in lowest terms whose numerator and denominator have at most 18 digits.</summary>
/// <param name="Numerator">Carries the sign.</param>
/// <param name="Denominator">Positive.</param>
public readonly record struct ExactRational(long Numerator, long Denominator)
{
    private const long Limit = 999_999_999_999_999_999;

    /// <summary>Applies one of <c>+ - * /</c>; null for a division by zero or a result beyond 18 digits.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="symbol"/> is no operator.</exception>
    public static ExactRational? TryCompute(ExactRational left, char symbol, ExactRational right)
    {
        Int128 a = left.Numerator, b = left.Denominator, c = right.Numerator, d = right.Denominator;
        return symbol switch
        {
            '+' => Reduce((a * d) + (c * b), b * d),
            '-' => Reduce((a * d) - (c * b), b * d),
            '*' => Reduce(a * c, b * d),
            '/' => Reduce(a * d, b * c),
            _ => throw new ArgumentOutOfRangeException(nameof(symbol), symbol, "not one of + - * /"),
        };
    }

    // Each input is below 10^18, so every product is below 10^36 and every sum below 2 * 10^36: inside 128 bits.
    private static ExactRational? Reduce(Int128 numerator, Int128 denominator)
    {
        if (denominator == 0)
        {
            return null;
        }

        var divisor = GreatestCommonDivisor(Int128.Abs(numerator), Int128.Abs(denominator)) * Int128.Sign(denominator);
        (numerator, denominator) = (numerator / divisor, denominator / divisor);
        return Int128.Abs(numerator) <= Limit && denominator <= Limit
            ? new ExactRational((long)numerator, (long)denominator)
            : null;
    }

    private static Int128 GreatestCommonDivisor(Int128 a, Int128 b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
