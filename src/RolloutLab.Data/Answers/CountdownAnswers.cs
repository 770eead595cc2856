using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// A solution of a Countdown prompt by exhaustive search: the shortest, the first of equal ones. As a trace it ends in
/// <c>46!</c>, which is its final answer; as an expression it is the element that a response ends with.
/// </summary>
/// <param name="asExpression">Whether responses state an expression between answer tags, instead of a trace.</param>
public sealed class CountdownAnswers(bool asExpression) : IKnownAnswers
{
    private const string Open = "<answer>";

    /// <inheritdoc/>
    public KnownAnswer? Of(Prompt prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        if (!TryParse(prompt.Answer, out var problem)
            || CountdownSearch.Solve(problem).Solutions.MinBy(s => s.ToTrace().Length) is not { } solution)
        {
            return null;
        }

        return asExpression
            ? new KnownAnswer($"{Open}{solution.ToExpression()}</answer>", Open)
            : new KnownAnswer(solution.ToTrace() + "!", string.Create(CultureInfo.InvariantCulture, $"{problem.Target}!"));
    }

    private static bool TryParse(string answer, out CountdownProblem problem)
    {
        problem = null!;
        var parts = answer.Split(':');
        if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var target))
        {
            return false;
        }

        var numbers = new List<int>();
        foreach (var part in parts[0].Split(' '))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            numbers.Add(number);
        }

        if (!CountdownProblem.IsValid(numbers, target))
        {
            return false;
        }

        problem = new CountdownProblem(numbers, target);
        return true;
    }
}
