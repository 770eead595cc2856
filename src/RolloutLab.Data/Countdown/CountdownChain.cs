using System.Globalization;
using System.Text;

namespace RolloutLab.Data;

/// <summary>One true operation: two values give a third.</summary>
/// <param name="Left">Left operand, at least <paramref name="Right"/>.</param>
/// <param name="Operator">One of <c>+ - * /</c>.</param>
/// <param name="Right">Right operand, positive.</param>
/// <param name="Result">Exact result, positive.</param>
public readonly record struct CountdownStep(int Left, char Operator, int Right, int Result)
{
    /// <summary>The operation as a trace writes it, such as <c>7+6=13</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Left}{Operator}{Right}={Result}");
}

/// <summary>Operations that use up a problem's numbers: each takes two of the values left and puts its result back.</summary>
/// <param name="steps">One fewer than the problem has numbers.</param>
public sealed class CountdownChain(IReadOnlyList<CountdownStep> steps)
{
    /// <summary>The operations in order.</summary>
    public IReadOnlyList<CountdownStep> Steps { get; } = steps;

    /// <summary>The value the chain ends with.</summary>
    public int Result => Steps[^1].Result;

    /// <summary>The chain as a trace writes it, such as <c>7+6=13,13*4=52</c>.</summary>
    public string ToTrace() => string.Join(',', Steps);

    /// <summary>The chain as one expression with no more parentheses than needed, such as <c>(7+6)*4</c>.</summary>
    public string ToExpression()
    {
        var made = new List<Term>();
        foreach (var step in Steps)
        {
            var left = Take(made, step.Left);
            var right = Take(made, step.Right);
            made.Add(Join(left, step, right));
        }

        return made[^1].Text;
    }

    // A value not made by an earlier step is one of the problem's own numbers.
    private static Term Take(List<Term> made, int value)
    {
        var at = made.FindIndex(t => t.Value == value);
        if (at < 0)
        {
            return new Term(value, value.ToString(CultureInfo.InvariantCulture), Binding: 3);
        }

        var term = made[at];
        made.RemoveAt(at);
        return term;
    }

    private static Term Join(Term left, CountdownStep step, Term right)
    {
        var binding = step.Operator is '+' or '-' ? 1 : 2;
        var rightNeeds = right.Binding < binding || (right.Binding == binding && step.Operator is '-' or '/');
        var text = new StringBuilder();
        Append(text, left.Text, left.Binding < binding);
        text.Append(step.Operator);
        Append(text, right.Text, rightNeeds);
        return new Term(step.Result, text.ToString(), binding);
    }

    private static void Append(StringBuilder text, string operand, bool parenthesised)
    {
        if (parenthesised)
        {
            text.Append('(').Append(operand).Append(')');
        }
        else
        {
            text.Append(operand);
        }
    }

    private readonly record struct Term(int Value, string Text, int Binding);
}
