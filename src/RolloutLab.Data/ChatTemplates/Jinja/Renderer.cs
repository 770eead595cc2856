using System.Text;

namespace RolloutLab.Data.Jinja;

/// <summary>Carries out the statements of a template for one chat.</summary>
internal sealed class Renderer
{
    // An iteration makes a scope, which costs as much as several expressions.
    private const int WorkOfIteration = 5;

    private readonly Meter _meter;
    private readonly Evaluator _evaluator;
    private StringBuilder _output = new();
    private int _loops;

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    private Renderer(Meter meter) => (_meter, _evaluator) = (meter, new Evaluator(meter));

    /// <summary>Renders a template.</summary>
    /// <param name="template">Parsed statements.</param>
    /// <param name="variables">Functions and variables to start with.</param>
    /// <param name="meter">Bounds the work.</param>
    /// <exception cref="JinjaException">The template fails, refuses the chat or does not end; the line is given.</exception>
    public static string Render(IReadOnlyList<Statement> template, Scope variables, Meter meter)
    {
        var renderer = new Renderer(meter);
        try
        {
            renderer.Run(template, new Scope(variables));
        }
        catch (JinjaException error) when (error.Line == 0)
        {
            throw new JinjaException(error.Message, renderer._evaluator.Line);
        }

        return renderer._output.ToString();
    }

    private Flow Run(IReadOnlyList<Statement> body, Scope scope)
    {
        foreach (var statement in body)
        {
            _evaluator.Line = statement.Line;
            _meter.Work();
            var flow = Run(statement, scope);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    private Flow Run(Statement statement, Scope scope)
    {
        switch (statement)
        {
            case TextOutput text:
                Write(text.Text);
                return Flow.Next;
            case ValueOutput output:
                Write(PythonText.Str(_evaluator.Evaluate(output.Value, scope)));
                return Flow.Next;
            case If choice:
                return Run(Operators.IsTrue(_evaluator.Evaluate(choice.Test, scope)) ? choice.Then : choice.Otherwise, scope);
            case For loop:
                return RunLoop(loop, scope);
            case Set set:
                Assign(set.Variable, _evaluator.Evaluate(set.Value, scope), scope);
                return Flow.Next;
            case SetBlock block:
                Assign(block.Variable, Filtered(block.Filters, Capture(block.Body, new Scope(scope)), scope), scope);
                return Flow.Next;
            case FilterBlock block:
                Write(PythonText.Str(Filtered(block.Filters, Capture(block.Body, new Scope(scope)), scope)));
                return Flow.Next;
            case Macro macro:
                scope.Set(macro.Identifier, new JinjaFunction(macro.Identifier, arguments => CallMacro(macro, arguments, scope)));
                return Flow.Next;
            case Generation generation:
                return Run(generation.Body, scope);
            case Break:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private void Write(string text)
    {
        _meter.Produce(_output.Length + text.Length > Meter.MaxText ? _output.Length + (long)text.Length : text.Length);
        _output.Append(text);
    }

    private string Capture(IReadOnlyList<Statement> body, Scope scope)
    {
        var outer = _output;
        _output = new StringBuilder();
        Run(body, scope);
        var text = _output.ToString();
        _output = outer;
        return text;
    }

    private object? Filtered(IReadOnlyList<FilterCall> filters, string text, Scope scope) =>
        filters.Aggregate((object?)text, (value, filter) => _evaluator.Filter(filter, value, scope));

    private Flow RunLoop(For loop, Scope scope)
    {
        var items = Sequences.Iterate(_evaluator.Evaluate(loop.Values, scope), _meter);
        if (loop.Where is { } where)
        {
            items = items.Where(item =>
            {
                var inner = new Scope(scope);
                Assign(loop.Variable, item, inner);
                return Operators.IsTrue(_evaluator.Evaluate(where, inner));
            }).ToList();
        }

        if (items.Count == 0)
        {
            return Run(loop.Otherwise, scope);
        }

        var state = new LoopState(items, _loops++);
        for (; state.Index < items.Count; state.Index++)
        {
            _meter.Work(WorkOfIteration);
            var inner = new Scope(scope);
            inner.Set("loop", state);
            Assign(loop.Variable, items[state.Index], inner);
            if (Run(loop.Body, inner) == Flow.Break)
            {
                break;
            }
        }

        _loops--;
        return Flow.Next;
    }

    private void Assign(Target target, object? value, Scope scope)
    {
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Identifier, value);
                break;
            case NamespaceTarget member:
                var space = scope.Get(member.Identifier) as Namespace
                    ?? throw new JinjaException($"'{member.Identifier}' is no namespace, so its '{member.Member}' cannot be set; make it with namespace()");
                space.Members[member.Member] = value;
                break;
            case TupleTarget several:
                var items = Sequences.Iterate(value, _meter);
                if (items.Count != several.Items.Count)
                {
                    throw new JinjaException($"{items.Count} values cannot be unpacked into {several.Items.Count} variables");
                }

                for (var i = 0; i < items.Count; i++)
                {
                    Assign(several.Items[i], items[i], scope);
                }

                break;
        }
    }

    private string CallMacro(Macro macro, Arguments arguments, Scope definedIn)
    {
        var values = arguments.Bind([.. macro.Parameters.Select(p => p.Name)]);
        var scope = new Scope(definedIn);
        for (var i = 0; i < values.Length; i++)
        {
            var (name, fallback) = macro.Parameters[i];
            var missing = values[i].IsMissing();
            scope.Set(name, !missing ? values[i]
                : fallback is null ? new Undefined($"parameter '{name}' was not given") : _evaluator.Evaluate(fallback, scope));
        }

        _meter.Enter();
        var (line, loops) = (_evaluator.Line, _loops);
        _loops = 0;
        var text = Capture(macro.Body, scope);
        (_evaluator.Line, _loops) = (line, loops);
        _meter.Leave();
        return text;
    }
}
