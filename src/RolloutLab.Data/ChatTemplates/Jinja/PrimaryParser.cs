using System.Globalization;
using System.Text;

namespace RolloutLab.Data.Jinja;

/// <summary>Parses literals, names, and what can follow a value: attributes, subscripts, calls, filters and tests.</summary>
/// <param name="tokens">Where to read.</param>
internal sealed class PrimaryParser(TokenReader tokens)
{
    public Expression Parse(ExpressionParser expressions)
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Take();
                return token.Text switch
                {
                    "true" or "True" => new Literal(token.Line, true),
                    "false" or "False" => new Literal(token.Line, false),
                    "none" or "None" => new Literal(token.Line, null),
                    _ => new Name(token.Line, token.Text),
                };
            case TokenKind.String:
                return ParseString();
            case TokenKind.Integer:
                return new Literal(token.Line, ExpressionParser.IntegerOf(tokens.Take()));
            case TokenKind.Float:
                return new Literal(token.Line, double.Parse(tokens.Take().Text, NumberStyles.Float, CultureInfo.InvariantCulture));
            default:
                return token.Is("(") ? ParseParentheses(expressions)
                    : token.Is("[") ? ParseList(expressions)
                    : token.Is("{") ? ParseDictionary(expressions)
                    : throw tokens.Unexpected("a value");
        }
    }

    public Expression ParsePostfix(Expression value, ExpressionParser expressions)
    {
        for (var length = 0; ; length++)
        {
            var line = tokens.Current.Line;
            if (tokens.TryTake("."))
            {
                value = tokens.Current.Kind == TokenKind.Integer
                    ? new Item(line, value, new Literal(line, ExpressionParser.IntegerOf(tokens.Take())))
                    : new Attribute(line, value, tokens.ExpectName("an attribute's name"));
            }
            else if (tokens.TryTake("["))
            {
                value = ParseSubscript(value, line, expressions);
            }
            else if (tokens.Current.Is("("))
            {
                value = new Call(line, value, ParseArguments(expressions));
            }
            else
            {
                return value;
            }

            RequireShort(length, line);
        }
    }

    public Expression ParseFiltersAndTests(Expression value, ExpressionParser expressions)
    {
        for (var length = 0; ; length++)
        {
            var line = tokens.Current.Line;
            if (tokens.TryTake("|"))
            {
                value = ParseFilter(value, expressions);
            }
            else if (tokens.TryTakeName("is"))
            {
                value = ParseTest(value, line, expressions);
            }
            else if (tokens.Current.Is("("))
            {
                value = new Call(line, value, ParseArguments(expressions));
            }
            else
            {
                return value;
            }

            RequireShort(length, line);
        }
    }

    public FilterCall ParseFilter(Expression value, ExpressionParser expressions)
    {
        var line = tokens.Current.Line;
        var name = tokens.ExpectName("a filter's name");
        if (!Filters.IsKnown(name))
        {
            throw new JinjaException($"the filter '{name}' is not supported; supported are {Filters.Names}", line);
        }

        return new FilterCall(line, value, name, tokens.Current.Is("(") ? ParseArguments(expressions) : ArgumentList.Empty);
    }

    private TestCall ParseTest(Expression value, int line, ExpressionParser expressions)
    {
        var negated = tokens.TryTakeName("not");
        var name = tokens.ExpectName("a test's name");
        if (!Tests.IsKnown(name))
        {
            throw new JinjaException($"the test '{name}' is not supported; supported are {Tests.Names}", line);
        }

        var arguments = ArgumentList.Empty;
        if (tokens.Current.Is("("))
        {
            arguments = ParseArguments(expressions);
        }
        else if (tokens.Current.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float
            || tokens.Current.Is("[") || tokens.Current.Is("{")
            || (tokens.Current.Kind == TokenKind.Name && tokens.Current.Text is not ("else" or "or" or "and" or "is" or "if" or "not" or "in")))
        {
            arguments = new ArgumentList([ParsePostfix(Parse(expressions), expressions)], []);
        }

        return new TestCall(line, value, name, arguments, negated);
    }

    private Literal ParseString()
    {
        var line = tokens.Current.Line;
        var text = new StringBuilder();
        while (tokens.Current.Kind == TokenKind.String)
        {
            text.Append(tokens.Take().Text);
        }

        return new Literal(line, text.ToString());
    }

    private Expression ParseParentheses(ExpressionParser expressions)
    {
        var line = tokens.Take().Line;
        if (tokens.TryTake(")"))
        {
            return new ListLiteral(line, [], IsTuple: true);
        }

        var value = expressions.ParseTuple();
        tokens.Expect(")");
        return value;
    }

    private ListLiteral ParseList(ExpressionParser expressions)
    {
        var line = tokens.Take().Line;
        var items = new List<Expression>();
        while (!tokens.TryTake("]"))
        {
            items.Add(expressions.Parse());
            if (!tokens.Current.Is("]"))
            {
                tokens.Expect(",");
            }
        }

        return new ListLiteral(line, items, IsTuple: false);
    }

    private DictLiteral ParseDictionary(ExpressionParser expressions)
    {
        var line = tokens.Take().Line;
        var items = new List<(Expression, Expression)>();
        while (!tokens.TryTake("}"))
        {
            var key = expressions.Parse();
            tokens.Expect(":");
            items.Add((key, expressions.Parse()));
            if (!tokens.Current.Is("}"))
            {
                tokens.Expect(",");
            }
        }

        return new DictLiteral(line, items);
    }

    private Expression ParseSubscript(Expression target, int line, ExpressionParser expressions)
    {
        var start = tokens.Current.Is(":") ? null : expressions.Parse();
        if (start is not null && tokens.TryTake("]"))
        {
            return new Item(line, target, start);
        }

        tokens.Expect(":");
        var stop = tokens.Current.Is(":") || tokens.Current.Is("]") ? null : expressions.Parse();
        var step = tokens.TryTake(":") && !tokens.Current.Is("]") ? expressions.Parse() : null;
        tokens.Expect("]");
        return new Slice(line, target, start, stop, step);
    }

    private ArgumentList ParseArguments(ExpressionParser expressions)
    {
        tokens.Expect("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        while (!tokens.TryTake(")"))
        {
            if (tokens.Current.Is("*") || tokens.Current.Is("**"))
            {
                throw new JinjaException("arguments with * or ** are not supported; write them out", tokens.Current.Line);
            }

            if (tokens.Current.Kind == TokenKind.Name && tokens.Following.Is("="))
            {
                var name = tokens.Take().Text;
                tokens.Take();
                named.Add((name, expressions.Parse()));
            }
            else if (named.Count > 0)
            {
                throw tokens.Unexpected("a named argument");
            }
            else
            {
                positional.Add(expressions.Parse());
            }

            if (!tokens.Current.Is(")"))
            {
                tokens.Expect(",");
            }
        }

        return new ArgumentList(positional, named);
    }

    private static void RequireShort(int length, int line)
    {
        const int Longest = 100;
        if (length > Longest)
        {
            throw new JinjaException($"more than {Longest} attributes, calls and filters in a row", line);
        }
    }
}
