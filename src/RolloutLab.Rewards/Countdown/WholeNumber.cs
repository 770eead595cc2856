namespace RolloutLab.Rewards;

/// <summary>Reads whole numbers written in ASCII digits, with a limit on their length.</summary>
internal static class WholeNumber
{
    /// <summary>Most digits of a number: the product of two stays far inside 128 bits.</summary>
    public const int MaxDigits = 15;

    /// <summary>
    /// Reads the digits at a position and moves past them. False, with the position unspecified, when there is no digit, when
    /// a number of several digits starts with 0, or when there are more than <see cref="MaxDigits"/>.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<char> text, ref int at, out long value)
    {
        value = 0;
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            if (at - start == MaxDigits)
            {
                return false;
            }

            value = (value * 10) + (text[at++] - '0');
        }

        return at > start && (text[start] != '0' || at - start == 1);
    }
}
