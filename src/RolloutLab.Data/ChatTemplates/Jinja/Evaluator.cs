namespace RolloutLab.Data.Jinja;

/// <summary>Gives expressions their values.</summary>
/// <param name="meter">Bounds the work.</param>
internal sealed class Evaluator(Meter meter)
{
    private readonly Members _members = new(meter);
    private readonly Filters _filters = new(meter);
    private readonly Tests _tests = new(meter);

    /// <summary>The line that is being evaluated.</summary>
    public int Line { get; set; }

    public object? Evaluate(Expression expression, Scope scope)
    {
        Line = expression.Line;
        meter.Work();
        meter.Enter();
        var value = expression switch
        {
            Literal literal => literal.Value,
            Name name => scope.Get(name.Identifier),
            Attribute attribute => _members.Attribute(Evaluate(attribute.Target, scope), attribute.Member),
            Item item => _members.Item(Evaluate(item.Target, scope), Evaluate(item.Index, scope)),
            Slice slice => Sequences.Slice(
                Evaluate(slice.Target, scope), Bound(slice.Start, scope), Bound(slice.Stop, scope), Bound(slice.Step, scope), meter),
            Binary binary => EvaluateBinary(binary, scope),
            Unary unary => EvaluateUnary(unary, scope),
            Comparison comparison => EvaluateComparison(comparison, scope),
            Conditional conditional => EvaluateConditional(conditional, scope),
            Call call => EvaluateCall(call, scope),
            FilterCall filter => Filter(filter, Evaluate(filter.Target, scope), scope),
            TestCall test => EvaluateTest(test, scope),
            ListLiteral list => new JinjaList(list.Items.Select(item => Evaluate(item, scope))) { IsTuple = list.IsTuple },
            DictLiteral dictionary => EvaluateDictionary(dictionary, scope),
            _ => throw new JinjaException("this expression is not supported"),
        };
        meter.Leave();
        return value;
    }

    /// <summary>A filter on a value.</summary>
    public object? Filter(FilterCall filter, object? value, Scope scope) =>
        _filters.Apply(filter.Filter, value, Gather($"the filter '{filter.Filter}'", filter.Arguments, scope));

    private object? EvaluateUnary(Unary unary, Scope scope)
    {
        var operand = Evaluate(unary.Operand, scope);
        return unary.Operator switch
        {
            "not" => !Operators.IsTrue(operand),
            "-" => Operators.Negate(operand),
            _ => Operators.IsNumber(operand) ? operand : throw new JinjaException($"'+' cannot take {PythonText.TypeName(operand)}"),
        };
    }

    private object? EvaluateBinary(Binary binary, Scope scope)
    {
        var left = Evaluate(binary.Left, scope);
        switch (binary.Operator)
        {
            case "and":
                return Operators.IsTrue(left) ? Evaluate(binary.Right, scope) : left;
            case "or":
                return Operators.IsTrue(left) ? left : Evaluate(binary.Right, scope);
            case "~":
                return Concatenate(PythonText.Str(left), PythonText.Str(Evaluate(binary.Right, scope)));
            default:
                var right = Evaluate(binary.Right, scope);
                Line = binary.Line;
                return Operators.Arithmetic(binary.Operator, left, right, meter);
        }
    }

    private string Concatenate(string left, string right)
    {
        meter.Produce((long)left.Length + right.Length);
        return left + right;
    }

    private bool EvaluateComparison(Comparison comparison, Scope scope)
    {
        var left = Evaluate(comparison.First, scope);
        foreach (var (op, expression) in comparison.Rest)
        {
            var right = Evaluate(expression, scope);
            if (!Operators.Compare(op, left, right, meter))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private object? EvaluateConditional(Conditional conditional, Scope scope)
    {
        if (Operators.IsTrue(Evaluate(conditional.Test, scope)))
        {
            return Evaluate(conditional.Then, scope);
        }

        return conditional.Otherwise is { } otherwise
            ? Evaluate(otherwise, scope)
            : new Undefined("the inline if was false and has no else");
    }

    private object? EvaluateCall(Call call, Scope scope)
    {
        var target = Evaluate(call.Target, scope);
        var callee = target switch
        {
            JinjaFunction function => function,
            Undefined undefined => throw new JinjaException($"{undefined.Description}, so it cannot be called"),
            _ => throw new JinjaException($"{PythonText.TypeName(target)} cannot be called"),
        };
        var arguments = Gather(callee.Name, call.Arguments, scope);
        Line = call.Line;
        var result = callee.Invoke(arguments);
        Line = call.Line;
        return result;
    }

    private object EvaluateTest(TestCall test, Scope scope)
    {
        var value = Evaluate(test.Target, scope);
        return _tests.Holds(test.Test, value, Gather($"the test '{test.Test}'", test.Arguments, scope)) != test.Negated;
    }

    private JinjaDict EvaluateDictionary(DictLiteral literal, Scope scope)
    {
        var dictionary = new JinjaDict();
        foreach (var (key, value) in literal.Items)
        {
            dictionary[Evaluate(key, scope).Text("a dictionary's key")] = Evaluate(value, scope);
        }

        return dictionary;
    }

    private Arguments Gather(string callee, ArgumentList arguments, Scope scope) => new(
        callee,
        [.. arguments.Positional.Select(argument => Evaluate(argument, scope))],
        [.. arguments.Named.Select(argument => (argument.Name, Evaluate(argument.Value, scope)))]);

    private long? Bound(Expression? expression, Scope scope) => expression is null || Evaluate(expression, scope) is not { } value
        ? null
        : value.Integer("a slice's bound");
}
