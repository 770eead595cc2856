using System.Globalization;

namespace RolloutLab.Data;

/// <summary>
/// A Countdown problem: reach the target with + - * / using each number exactly once; every intermediate result is a
/// positive whole number, so every division is exact.
/// </summary>
public sealed class CountdownProblem
{
    /// <summary>Fewest numbers of a problem.</summary>
    public const int MinCount = 2;

    /// <summary>Most numbers of a problem: the exhaustive search stays below a millisecond.</summary>
    public const int MaxCount = 4;

    /// <summary>Largest number and target: products of <see cref="MaxCount"/> of them stay far inside 32 bits.</summary>
    public const int MaxValue = 199;

    /// <summary>Creates a problem.</summary>
    /// <param name="numbers">2 to 4 numbers in [1, 199], in the order the prompt shows.</param>
    /// <param name="target">In [1, 199].</param>
    /// <exception cref="ArgumentOutOfRangeException">A count or value is out of range.</exception>
    public CountdownProblem(IReadOnlyList<int> numbers, int target)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        if (!IsValid(numbers, target))
        {
            throw new ArgumentOutOfRangeException(
                nameof(numbers),
                $"a Countdown problem has {MinCount} to {MaxCount} numbers and a target, all in [1, {MaxValue}]");
        }

        Numbers = [.. numbers];
        Target = target;
        AnswerText = string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', Numbers)}:{target}");
    }

    /// <summary>The numbers in the order the prompt shows.</summary>
    public IReadOnlyList<int> Numbers { get; }

    /// <summary>What to reach.</summary>
    public int Target { get; }

    /// <summary>The problem as the verifier reads it, such as <c>6 7 4:46</c>; unique to the problem.</summary>
    public string AnswerText { get; }

    /// <summary>The text the policy continues, such as <c>6 7 4:46=</c>.</summary>
    public string PromptText => AnswerText + "=";

    /// <summary>The same for all problems whose numbers are permutations of each other and whose targets are equal.</summary>
    public string CanonicalText => string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', Numbers.Order())}:{Target}");

    /// <summary>Whether numbers and target are in the ranges the constructor accepts.</summary>
    public static bool IsValid(IReadOnlyList<int> numbers, int target)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        return numbers.Count is >= MinCount and <= MaxCount
            && target is >= 1 and <= MaxValue
            && numbers.All(n => n is >= 1 and <= MaxValue);
    }
}
