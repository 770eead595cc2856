namespace RolloutLab.Rewards;

/// <summary>Reads one number as it is written: <c>1,234.50</c>, <c>.5</c>, <c>3/4</c>.</summary>
internal static class WrittenNumber
{
    // With separators; anything longer has too many digits anyway.
    private const int MaxLength = 2 * ((ExactNumber.MaxDigits * 4 / 3) + 2);

    /// <summary>A number that has no one reading.</summary>
    public static FoundNumber Unreadable { get; } =
        new(null, "the number is written in a form that is not read, such as '1,00', '1e5', '1.2.3' or '2^3'");

    /// <summary>Reads digits and the separators <c>, . /</c>; the first and last characters are digits, or the first is a point.</summary>
    public static FoundNumber Parse(ReadOnlySpan<char> written, bool negative)
    {
        if (written.Length > MaxLength)
        {
            return TooLong();
        }

        var slash = written.IndexOf('/');
        var denominator = slash < 0 ? [] : written[(slash + 1)..];
        var value = slash < 0 ? written : written[..slash];
        var point = value.IndexOf('.');
        var whole = point < 0 ? value : value[..point];
        var decimals = point < 0 ? [] : value[(point + 1)..];
        if (!IsDigits(denominator) || !IsDigits(decimals) || !(IsDigits(whole) || IsGrouped(whole)) || (point >= 0 && decimals.IsEmpty))
        {
            return Unreadable;
        }

        var digits = whole.ToString().Replace(",", string.Empty, StringComparison.Ordinal) + decimals.ToString();
        return ExactNumber.TryCreate(negative, digits, decimals.Length, denominator.ToString()) is { } number
            ? new FoundNumber(number, null)
            : TooLong();
    }

    private static FoundNumber TooLong() =>
        new(null, $"the number has more than {ExactNumber.MaxDigits} digits or a denominator of zero");

    private static bool IsDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    /// <summary>Whether commas part the digits into threes from the right: <c>1,234,567</c>, not <c>1,00</c> or <c>0,123</c>.</summary>
    private static bool IsGrouped(ReadOnlySpan<char> text)
    {
        var first = text.IndexOf(',');
        if (first is < 1 or > 3 || text[0] == '0' || (text.Length - first) % 4 != 0)
        {
            return false;
        }

        for (var i = 0; i < text.Length; i++)
        {
            var isComma = i >= first && (i - first) % 4 == 0;
            if (isComma ? text[i] != ',' : !char.IsAsciiDigit(text[i]))
            {
                return false;
            }
        }

        return true;
    }
}
