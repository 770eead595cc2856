using RolloutLab.Core;

namespace RolloutLab.Rewards;

/// <summary>How a response states its solution.</summary>
public enum CountdownFormat
{
    /// <summary>Attempts as chains of operations: <c>7+6=13,13+4=17x7*6=42,42+4=46!</c>.</summary>
    Trace,

    /// <summary>An expression between <c>&lt;answer&gt;</c> and <c>&lt;/answer&gt;</c>, anything around it.</summary>
    Expression,
}

/// <summary>
/// Grades Countdown responses by exact arithmetic. The prompt's answer is the problem, such as <c>6 7 4:46</c>.
/// <para>
/// Trace: the response must end with <c>!</c>, its only one; what follows the last <c>x</c> is the attempt that counts. Each
/// operation takes two of the values left (the problem's numbers and earlier results), is true, gives a positive whole
/// number, and one value, the target, is left at the end. Earlier attempts are not judged.
/// </para>
/// <para>
/// Expression: the last <c>&lt;answer&gt;</c> element counts; it must use exactly the problem's numbers, each once, and equal
/// the target as a rational number.
/// </para>
/// The verdict's answer is the canonical expression where the arithmetic holds, so different spellings of one solution vote
/// together, and the text itself otherwise.
/// </summary>
public sealed class CountdownVerifier(CountdownFormat format) : IVerifier
{
    private const string Open = "<answer>";
    private const string Close = "</answer>";
    private const int MaxAnswerCharacters = 128;

    /// <inheritdoc/>
    public Verdict Verify(Prompt prompt, string response)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(response);
        if (!CountdownReference.TryParse(prompt.Answer, out var reference))
        {
            return Verdict.Fault($"the answer of prompt '{prompt.Id}' is not a Countdown problem such as '6 7 4:46'");
        }

        return format == CountdownFormat.Trace ? VerifyTrace(reference, response) : VerifyExpression(reference, response);
    }

    private static Verdict VerifyTrace(CountdownReference reference, ReadOnlySpan<char> response)
    {
        var claim = response.IndexOf('!');
        if (claim < 0)
        {
            return Verdict.Malformed("claims no solution: there is no '!'");
        }

        if (claim != response.Length - 1)
        {
            return Verdict.Malformed("does not end with its first '!'");
        }

        var attempt = response[(response.LastIndexOf('x') + 1)..claim];
        return Judge(CountdownTraceChecker.Check(attempt, reference), attempt);
    }

    private static Verdict VerifyExpression(CountdownReference reference, ReadOnlySpan<char> response)
    {
        var end = response.LastIndexOf(Close);
        var start = end < 0 ? -1 : response[..end].LastIndexOf(Open);
        if (start < 0)
        {
            return Verdict.Malformed("has no <answer>...</answer>");
        }

        var text = response[(start + Open.Length)..end].Trim(" \t\r\n");
        return Judge(CheckExpression(text, reference), text);
    }

    private static CountdownFinding CheckExpression(ReadOnlySpan<char> text, CountdownReference reference)
    {
        if (!CountdownExpression.TryParse(text, out var expression, out var fault))
        {
            return CountdownFinding.Unreadable(fault);
        }

        if (!expression.Numbers.Order().SequenceEqual(reference.Numbers.Order()))
        {
            return CountdownFinding.Missed(expression.Canonical, "does not use each of the problem's numbers exactly once");
        }

        if (expression.Value is not { } value)
        {
            return CountdownFinding.Missed(expression.Canonical, "divides by zero or leaves the range of exact numbers");
        }

        var shown = value.Denominator == 1 ? $"{value.Numerator}" : $"{value.Numerator}/{value.Denominator}";
        return expression.IsExactly(reference.Target)
            ? CountdownFinding.Solved(expression.Canonical)
            : CountdownFinding.Missed(expression.Canonical, $"equals {shown}, not {reference.Target}");
    }

    private static Verdict Judge(CountdownFinding finding, ReadOnlySpan<char> text) => finding.Value switch
    {
        CountdownOutcome.Solved => Verdict.Correct(finding.Canonical!),
        CountdownOutcome.Missed => Verdict.Wrong(finding.Canonical ?? Shorten(text), finding.Reason!),
        _ => Verdict.Malformed(finding.Reason!),
    };

    private static string Shorten(ReadOnlySpan<char> text) =>
        text.Length <= MaxAnswerCharacters ? text.ToString() : text[..MaxAnswerCharacters].ToString();
}
