namespace RolloutLab.Data.Jinja;

/// <summary>A part of a template.</summary>
/// <param name="Line">Where it begins, from 1.</param>
internal abstract record Node(int Line);

/// <summary>Something that has a value.</summary>
internal abstract record Expression(int Line) : Node(Line);

internal sealed record Literal(int Line, object? Value) : Expression(Line);

internal sealed record Name(int Line, string Identifier) : Expression(Line);

internal sealed record ListLiteral(int Line, IReadOnlyList<Expression> Items, bool IsTuple) : Expression(Line);

internal sealed record DictLiteral(int Line, IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression(Line);

internal sealed record Unary(int Line, string Operator, Expression Operand) : Expression(Line);

internal sealed record Binary(int Line, string Operator, Expression Left, Expression Right) : Expression(Line);

/// <summary>A chain such as <c>a &lt; b &lt;= c</c>: true when every neighbouring pair is.</summary>
internal sealed record Comparison(int Line, Expression First, IReadOnlyList<(string Operator, Expression Right)> Rest) : Expression(Line);

internal sealed record Conditional(int Line, Expression Test, Expression Then, Expression? Otherwise) : Expression(Line);

internal sealed record Attribute(int Line, Expression Target, string Member) : Expression(Line);

internal sealed record Item(int Line, Expression Target, Expression Index) : Expression(Line);

internal sealed record Slice(int Line, Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression(Line);

internal sealed record ArgumentList(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static ArgumentList Empty { get; } = new([], []);
}

internal sealed record Call(int Line, Expression Target, ArgumentList Arguments) : Expression(Line);

internal sealed record FilterCall(int Line, Expression Target, string Filter, ArgumentList Arguments) : Expression(Line);

internal sealed record TestCall(int Line, Expression Target, string Test, ArgumentList Arguments, bool Negated) : Expression(Line);

/// <summary>Something that is carried out.</summary>
internal abstract record Statement(int Line) : Node(Line);

internal sealed record TextOutput(int Line, string Text) : Statement(Line);

internal sealed record ValueOutput(int Line, Expression Value) : Statement(Line);

/// <summary>Where a value goes: a variable, several at once, or an attribute of a namespace.</summary>
internal abstract record Target(int Line) : Node(Line);

internal sealed record NameTarget(int Line, string Identifier) : Target(Line);

internal sealed record TupleTarget(int Line, IReadOnlyList<Target> Items) : Target(Line);

internal sealed record NamespaceTarget(int Line, string Identifier, string Member) : Target(Line);

internal sealed record For(
    int Line, Target Variable, Expression Values, Expression? Where, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Otherwise) : Statement(Line);

internal sealed record If(int Line, Expression Test, IReadOnlyList<Statement> Then, IReadOnlyList<Statement> Otherwise) : Statement(Line);

internal sealed record Set(int Line, Target Variable, Expression Value) : Statement(Line);

/// <summary><c>{% set x %}...{% endset %}</c>: the rendered body, through the filters.</summary>
internal sealed record SetBlock(int Line, Target Variable, IReadOnlyList<FilterCall> Filters, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record FilterBlock(int Line, IReadOnlyList<FilterCall> Filters, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record Macro(
    int Line, string Identifier, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary><c>{% generation %}</c>: marks what the assistant wrote; rendered as its body.</summary>
internal sealed record Generation(int Line, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record Break(int Line) : Statement(Line);

internal sealed record Continue(int Line) : Statement(Line);
