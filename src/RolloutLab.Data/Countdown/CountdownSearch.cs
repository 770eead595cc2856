using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>What exhaustive search finds for a problem.</summary>
/// <param name="Solutions">Every chain that reaches the target, in the search's fixed order.</param>
/// <param name="ChainCount">Number of all chains, whatever they reach.</param>
public sealed record CountdownSearchResult(IReadOnlyList<CountdownChain> Solutions, int ChainCount)
{
    /// <summary>Share of chains that reach the target, in [0, 1].</summary>
    public double SolvingShare => (double)Solutions.Count / ChainCount;
}

/// <summary>
/// Exhaustive and random search over a problem's chains. Two chains differ when they differ as text; operands are written
/// larger first, so <c>7+6</c> and <c>6+7</c> are one operation.
/// </summary>
public static class CountdownSearch
{
    /// <summary>Finds every solution of a problem and counts all its chains.</summary>
    public static CountdownSearchResult Solve(CountdownProblem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        var solutions = new List<CountdownChain>();
        var chains = Visit([.. problem.Numbers], problem.Target, [], solutions);
        return new CountdownSearchResult(solutions, chains);
    }

    /// <summary>Walks at random from the numbers to a single value, each operation uniform among the distinct ones possible.</summary>
    /// <param name="numbers">At least two positive numbers.</param>
    /// <param name="stream">Where the draws come from.</param>
    /// <param name="position">First position drawn from; advanced by one for each operation.</param>
    public static CountdownChain RandomChain(IReadOnlyList<int> numbers, RandomStream stream, ref long position)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        int[] values = [.. numbers];
        var steps = new List<CountdownStep>(values.Length - 1);
        while (values.Length > 1)
        {
            var possible = Operations(values);
            var step = possible[stream.Below(position++, possible.Count)];
            steps.Add(step);
            values = Apply(values, step);
        }

        return new CountdownChain(steps);
    }

    private static int Visit(int[] values, int target, CountdownStep[] done, List<CountdownChain> solutions)
    {
        if (values.Length == 1)
        {
            if (values[0] == target)
            {
                solutions.Add(new CountdownChain(done));
            }

            return 1;
        }

        var chains = 0;
        foreach (var step in Operations(values))
        {
            chains += Visit(Apply(values, step), target, [.. done, step], solutions);
        }

        return chains;
    }

    private static List<CountdownStep> Operations(int[] values)
    {
        var steps = new List<CountdownStep>(values.Length * values.Length * 2);
        for (var i = 0; i < values.Length; i++)
        {
            for (var j = i + 1; j < values.Length; j++)
            {
                AddOperations(steps, Math.Max(values[i], values[j]), Math.Min(values[i], values[j]));
            }
        }

        return steps;
    }

    private static void AddOperations(List<CountdownStep> steps, int left, int right)
    {
        var sum = new CountdownStep(left, '+', right, left + right);
        if (steps.Contains(sum))
        {
            return; // Equal values make equal pairs; their operations are the same text.
        }

        steps.Add(sum);
        steps.Add(new CountdownStep(left, '*', right, left * right));
        if (left > right)
        {
            steps.Add(new CountdownStep(left, '-', right, left - right));
        }

        if (left % right == 0)
        {
            steps.Add(new CountdownStep(left, '/', right, left / right));
        }
    }

    private static int[] Apply(int[] values, CountdownStep step)
    {
        var left = Array.IndexOf(values, step.Left);
        var right = Array.IndexOf(values, step.Right);
        if (right == left)
        {
            right = Array.IndexOf(values, step.Right, left + 1);
        }

        var rest = new int[values.Length - 1];
        var at = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (i != left && i != right)
            {
                rest[at++] = values[i];
            }
        }

        rest[at] = step.Result;
        return rest;
    }
}
