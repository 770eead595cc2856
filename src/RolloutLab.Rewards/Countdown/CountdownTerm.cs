using System.Globalization;

namespace RolloutLab.Rewards;

/// <summary>A whole value and the canonical expression it came from.</summary>
internal readonly record struct CountdownTerm(long Value, string Text)
{
    public static CountdownTerm Number(long value) => new(value, value.ToString(CultureInfo.InvariantCulture));

    public static CountdownTerm Join(CountdownTerm left, char symbol, CountdownTerm right, long value) =>
        new(value, JoinText(left.Text, symbol, right.Text));

    /// <summary>The expression in parentheses; the operands of + and * in a fixed order, so a+b and b+a are one answer.</summary>
    public static string JoinText(string left, char symbol, string right)
    {
        var swap = symbol is '+' or '*' && Compare(left, right) > 0;
        return swap ? $"({right}{symbol}{left})" : $"({left}{symbol}{right})";
    }

    private static int Compare(string left, string right) =>
        left.Length != right.Length ? left.Length.CompareTo(right.Length) : string.CompareOrdinal(left, right);
}
