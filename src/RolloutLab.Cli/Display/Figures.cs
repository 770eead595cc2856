namespace RolloutLab.Cli;

/// <summary>Numbers as people read them, the same in every culture.</summary>
internal static class Figures
{
    /// <summary><c>34.2%</c> of a share in [0, 1].</summary>
    public static string Percent(double share) => Format($"{share * 100:0.0}%");

    /// <summary><c>61,440</c>.</summary>
    public static string Count(double value) => Format($"{value:#,0}");

    /// <summary><c>9,999</c>, <c>61.4 k</c>, <c>2.51 M</c>: three digits that count.</summary>
    public static string Amount(double value) => value switch
    {
        < 9_999.5 => Count(value),
        < 999_500 => ThreeDigits(value / 1e3) + " k",
        < 999_500_000 => ThreeDigits(value / 1e6) + " M",
        _ => ThreeDigits(value / 1e9) + " G",
    };

    /// <summary><c>702 MiB</c>, <c>1.31 GiB</c>.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1L << 20 => Format($"{bytes / 1024.0:0} KiB"),
        < 1000L << 20 => Format($"{bytes / (double)(1 << 20):0} MiB"),
        _ => ThreeDigits(bytes / (double)(1 << 30)) + " GiB",
    };

    /// <summary><c>4.1 s</c>, <c>1:52</c>, <c>2:01:33</c>.</summary>
    public static string Duration(double seconds)
    {
        if (seconds < 59.95)
        {
            return Format($"{Math.Max(seconds, 0):0.0} s");
        }

        var whole = (long)Math.Round(seconds);
        return whole < 3600
            ? Format($"{whole / 60}:{whole % 60:00}")
            : Format($"{whole / 3600}:{whole / 60 % 60:00}:{whole % 60:00}");
    }

    /// <summary><c>0.412</c>.</summary>
    public static string Score(double value) => Format($"{value:0.000}");

    /// <summary><c>44.1</c>.</summary>
    public static string OneDecimal(double value) => Format($"{value:#,0.0}");

    private static string ThreeDigits(double value) => value switch
    {
        < 9.995 => Format($"{value:0.00}"),
        < 99.95 => Format($"{value:0.0}"),
        _ => Format($"{value:#,0}"),
    };

    private static string Format(FormattableString text) => FormattableString.Invariant(text);
}
