using System.Globalization;
using System.Numerics;

namespace RolloutLab.Rewards;

/// <summary>An exact fraction in lowest terms. Made from at most 40 digits a part, so its arithmetic has a fixed cost.</summary>
internal readonly record struct ExactNumber
{
    /// <summary>Most digits of a number, decimals included, and of a denominator.</summary>
    public const int MaxDigits = 40;

    private ExactNumber(BigInteger numerator, BigInteger denominator)
    {
        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
        (Numerator, Denominator) = (numerator / divisor, denominator / divisor);
    }

    /// <summary>Carries the sign.</summary>
    public BigInteger Numerator { get; }

    /// <summary>Positive.</summary>
    public BigInteger Denominator { get; }

    /// <summary>A number from its written parts, ASCII digits only; null when one has too many digits or the denominator is 0.</summary>
    /// <param name="negative">Whether there is a minus sign.</param>
    /// <param name="digits">Digits before and after the decimal point together.</param>
    /// <param name="decimals">How many of them are after the point.</param>
    /// <param name="denominator">Digits of a denominator; empty for none.</param>
    public static ExactNumber? TryCreate(bool negative, string digits, int decimals, string denominator)
    {
        if (digits.Length > MaxDigits || denominator.Length > MaxDigits)
        {
            return null;
        }

        var numerator = Parse(digits) * (negative ? -1 : 1);
        var below = (denominator.Length == 0 ? BigInteger.One : Parse(denominator)) * BigInteger.Pow(10, decimals);
        return below.IsZero ? null : new ExactNumber(numerator, below);
    }

    /// <summary>Whether the distance to another number is at most a tolerance, exactly.</summary>
    public bool IsWithin(decimal tolerance, ExactNumber other)
    {
        var distance = BigInteger.Abs((Numerator * other.Denominator) - (other.Numerator * Denominator));
        var scale = Denominator * other.Denominator;
        var (allowed, unit) = Fraction(tolerance);
        return distance * unit <= allowed * scale;
    }

    /// <summary>A whole number, or numerator and denominator: one text for every spelling of a value.</summary>
    public override string ToString() => Denominator.IsOne
        ? Numerator.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");

    private static BigInteger Parse(string digits) => BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    private static (BigInteger Numerator, BigInteger Denominator) Fraction(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        _ = decimal.GetBits(value, bits);
        var numerator = (new BigInteger((uint)bits[2]) << 64) + (new BigInteger((uint)bits[1]) << 32) + (uint)bits[0];
        return (numerator, BigInteger.Pow(10, (bits[3] >> 16) & 0xFF));
    }
}
