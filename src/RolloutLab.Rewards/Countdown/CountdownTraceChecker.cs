namespace RolloutLab.Rewards;

/// <summary>What a checker found out about an attempt.</summary>
/// <param name="Value">Status of the attempt.</param>
/// <param name="Canonical">
/// The attempt as a fully parenthesised expression, commutative operands in order; null unless all of it is true.
/// </param>
/// <param name="Reason">Why it does not count; null when it does.</param>
internal readonly record struct CountdownFinding(CountdownOutcome Value, string? Canonical, string? Reason)
{
    public static CountdownFinding Solved(string canonical) => new(CountdownOutcome.Solved, canonical, null);

    public static CountdownFinding Missed(string? canonical, string reason) => new(CountdownOutcome.Missed, canonical, reason);

    public static CountdownFinding Unreadable(string reason) => new(CountdownOutcome.Unreadable, null, reason);
}

/// <summary>Outcome of checking an attempt.</summary>
internal enum CountdownOutcome
{
    /// <summary>It reaches the target by the rules.</summary>
    Solved,

    /// <summary>It can be read, and breaks a rule or misses the target.</summary>
    Missed,

    /// <summary>It cannot be read.</summary>
    Unreadable,
}

/// <summary>
/// Checks one attempt of a trace: <c>step , step , ...</c> with step = <c>number operator number = number</c>. One pass over
/// the text; stops at the first fault.
/// </summary>
internal static class CountdownTraceChecker
{
    public static CountdownFinding Check(ReadOnlySpan<char> attempt, CountdownReference reference)
    {
        var left = new List<CountdownTerm>(reference.Numbers.Select(CountdownTerm.Number));
        var at = 0;
        while (true)
        {
            if (!TryReadStep(attempt, ref at, out var step))
            {
                return CountdownFinding.Unreadable($"the last attempt cannot be read at character {at}");
            }

            if (Apply(left, step) is { } fault)
            {
                return CountdownFinding.Missed(null, fault);
            }

            if (at == attempt.Length)
            {
                return Judge(left, reference.Target);
            }

            if (attempt[at++] != ',')
            {
                return CountdownFinding.Unreadable($"the last attempt cannot be read at character {at - 1}");
            }
        }
    }

    private static CountdownFinding Judge(List<CountdownTerm> left, long target)
    {
        if (left.Count > 1)
        {
            return CountdownFinding.Missed(null, $"{left.Count} values are left where one must be: not all numbers are used");
        }

        return left[0].Value == target
            ? CountdownFinding.Solved(left[0].Text)
            : CountdownFinding.Missed(left[0].Text, $"reaches {left[0].Value}, not {target}");
    }

    private static bool TryReadStep(ReadOnlySpan<char> text, ref int at, out Step step)
    {
        step = default;
        if (!WholeNumber.TryRead(text, ref at, out var first) || !TryReadOperator(text, ref at, out var symbol)
            || !WholeNumber.TryRead(text, ref at, out var second) || at >= text.Length || text[at] != '=')
        {
            return false;
        }

        at++;
        if (!WholeNumber.TryRead(text, ref at, out var result))
        {
            return false;
        }

        step = new Step(first, symbol, second, result);
        return true;
    }

    private static bool TryReadOperator(ReadOnlySpan<char> text, ref int at, out char symbol)
    {
        symbol = at < text.Length ? text[at] : '\0';
        if (symbol is not ('+' or '-' or '*' or '/'))
        {
            return false;
        }

        at++;
        return true;
    }

    private static string? Apply(List<CountdownTerm> left, Step step)
    {
        if (!TryTake(left, step.First, out var first) || !TryTake(left, step.Second, out var second))
        {
            return $"{step} uses a value that is not there";
        }

        if (!step.IsTrue())
        {
            return $"{step} is false";
        }

        if (step.Result < 1)
        {
            return $"{step} gives no positive number";
        }

        left.Add(CountdownTerm.Join(first, step.Operator, second, step.Result));
        return null;
    }

    private static bool TryTake(List<CountdownTerm> left, long value, out CountdownTerm term)
    {
        var at = left.FindIndex(t => t.Value == value);
        term = at < 0 ? default : left[at];
        if (at >= 0)
        {
            left.RemoveAt(at);
        }

        return at >= 0;
    }

    private readonly record struct Step(long First, char Operator, long Second, long Result)
    {
        // Operands and result have at most 15 digits each, so no sum or product leaves 128 bits.
        public bool IsTrue() => Operator switch
        {
            '+' => (Int128)First + Second == Result,
            '-' => (Int128)First - Second == Result,
            '*' => (Int128)First * Second == Result,
            _ => Second != 0 && (Int128)Result * Second == First,
        };

        public override string ToString() => $"{First}{Operator}{Second}={Result}";
    }
}
