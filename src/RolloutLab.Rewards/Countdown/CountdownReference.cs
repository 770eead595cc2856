namespace RolloutLab.Rewards;

/// <summary>The reference answer of a Countdown prompt: <c>6 7 4:46</c>, numbers and target.</summary>
internal readonly record struct CountdownReference(long[] Numbers, long Target)
{
    /// <summary>Most numbers; keeps every search through the values left short.</summary>
    public const int MaxNumbers = 16;

    /// <summary>Reads a reference; false when it is not numbers, a colon and a target.</summary>
    public static bool TryParse(string text, out CountdownReference reference)
    {
        reference = default;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || text.Length > MaxNumbers * (WholeNumber.MaxDigits + 1) + WholeNumber.MaxDigits)
        {
            return false;
        }

        var parts = text[..colon].Split(' ');
        if (parts.Length is < 2 or > MaxNumbers || !TryParseWhole(text[(colon + 1)..], out var target))
        {
            return false;
        }

        var numbers = new long[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!TryParseWhole(parts[i], out numbers[i]))
            {
                return false;
            }
        }

        reference = new CountdownReference(numbers, target);
        return true;
    }

    private static bool TryParseWhole(string text, out long value)
    {
        var at = 0;
        return WholeNumber.TryRead(text, ref at, out value) && at == text.Length;
    }
}
