using System.Globalization;

namespace RolloutLab.Recipes;

/// <summary>The values a number may have.</summary>
/// <param name="Text">The rule in words, to stand after "must be".</param>
/// <param name="Contains">Whether a value obeys the rule.</param>
internal sealed record NumberRange(string Text, Func<double, bool> Contains)
{
    public static NumberRange AtLeast(double min) => new($"at least {Word(min)}", v => v >= min);

    public static NumberRange Above(double min) => new($"above {Word(min)}", v => v > min);

    public static NumberRange Between(double min, double max) => new($"from {Word(min)} to {Word(max)}", v => v >= min && v <= max);

    public static NumberRange AtLeastBelow(double min, double max) =>
        new($"at least {Word(min)} and below {Word(max)}", v => v >= min && v < max);

    public static NumberRange AboveAtMost(double min, double max) =>
        new($"above {Word(min)} and at most {Word(max)}", v => v > min && v <= max);

    public static NumberRange AboveBelow(double min, double max) =>
        new($"above {Word(min)} and below {Word(max)}", v => v > min && v < max);

    /// <summary>0, which switches something off, or a value above a bound.</summary>
    public static NumberRange ZeroOrAbove(double min) => new($"0 (off) or above {Word(min)}", v => v == 0 || v > min);

    private static string Word(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
