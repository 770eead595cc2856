using System.Globalization;

namespace RolloutLab.Data.Jinja;

/// <summary>Parses expressions by Jinja's precedence: inline if, or, and, not, comparisons, + and -, ~, * / // %, **, sign, filters.</summary>
/// <param name="tokens">Where to read.</param>
internal sealed class ExpressionParser(TokenReader tokens)
{
    private const int MaxChain = 400;

    private static readonly HashSet<string> Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private readonly PrimaryParser _primary = new(tokens);

    public Expression Parse()
    {
        tokens.Enter();
        var value = ParseOr();
        while (tokens.Current.IsName("if"))
        {
            var line = tokens.Take().Line;
            var test = ParseOr();
            var otherwise = tokens.TryTakeName("else") ? Parse() : null;
            value = new Conditional(line, test, value, otherwise);
        }

        tokens.Leave();
        return value;
    }

    /// <summary>An expression without inline if, as after <c>for x in</c>, where <c>if</c> filters.</summary>
    public Expression ParseOr() => LeftToRight(ParseAnd, t => t.IsName("or"));

    /// <summary>One expression, or a tuple of several without parentheses.</summary>
    public Expression ParseTuple(bool withConditional = true)
    {
        var line = tokens.Current.Line;
        var first = withConditional ? Parse() : ParseOr();
        if (!tokens.Current.Is(","))
        {
            return first;
        }

        var items = new List<Expression> { first };
        while (tokens.TryTake(",") && tokens.Current.Kind is not (TokenKind.BlockEnd or TokenKind.VariableEnd) && !tokens.Current.Is(")"))
        {
            items.Add(withConditional ? Parse() : ParseOr());
        }

        return new ListLiteral(line, items, IsTuple: true);
    }

    /// <summary>The filters after a bar, applied to nothing yet: of <c>set</c> blocks and <c>filter</c> blocks.</summary>
    public List<FilterCall> ParseFilters()
    {
        var filters = new List<FilterCall>();
        do
        {
            filters.Add(_primary.ParseFilter(new Literal(tokens.Current.Line, null), this));
        }
        while (tokens.TryTake("|"));
        return filters;
    }

    private Expression ParseAnd() => LeftToRight(ParseNot, t => t.IsName("and"));

    private Expression ParseNot()
    {
        if (!tokens.Current.IsName("not") || tokens.Following.IsName("in"))
        {
            return ParseComparison();
        }

        tokens.Enter();
        var line = tokens.Take().Line;
        var negated = new Unary(line, "not", ParseNot());
        tokens.Leave();
        return negated;
    }

    private Expression ParseComparison()
    {
        var line = tokens.Current.Line;
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (tokens.Current.Kind == TokenKind.Operator && Comparisons.Contains(tokens.Current.Text))
            {
                rest.Add((tokens.Take().Text, ParseSum()));
            }
            else if (tokens.TryTakeName("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (tokens.Current.IsName("not") && tokens.Following.IsName("in"))
            {
                tokens.Take();
                tokens.Take();
                rest.Add(("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new Comparison(line, first, rest);
            }
        }
    }

    private Expression ParseSum() => LeftToRight(ParseConcatenation, t => t.Is("+") || t.Is("-"));

    private Expression ParseConcatenation() => LeftToRight(ParseProduct, t => t.Is("~"));

    private Expression ParseProduct() => LeftToRight(ParsePower, t => t.Is("*") || t.Is("/") || t.Is("//") || t.Is("%"));

    private Expression ParsePower() => LeftToRight(() => ParseUnary(withFilters: true), t => t.Is("**"));

    private Expression ParseUnary(bool withFilters)
    {
        Expression value;
        if (tokens.Current.Is("-") || tokens.Current.Is("+"))
        {
            tokens.Enter();
            var sign = tokens.Take();
            value = new Unary(sign.Line, sign.Text, ParseUnary(withFilters: false));
            tokens.Leave();
        }
        else
        {
            value = _primary.Parse(this);
        }

        value = _primary.ParsePostfix(value, this);
        return withFilters ? _primary.ParseFiltersAndTests(value, this) : value;
    }

    // A chain becomes a tree as deep as it is long, so its length is bounded like any other nesting.
    private Expression LeftToRight(Func<Expression> operand, Func<Token, bool> isOperator)
    {
        var left = operand();
        for (var length = 1; isOperator(tokens.Current); length++)
        {
            var op = tokens.Take();
            if (length > MaxChain)
            {
                throw new JinjaException($"more than {MaxChain} '{op.Text}' in a row; split them with {{% set %}}", op.Line);
            }

            left = new Binary(op.Line, op.Text, left, operand());
        }

        return left;
    }

    internal static object IntegerOf(Token token) => long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        ? value
        : throw new JinjaException($"the integer {token.Text} is beyond 64 bits", token.Line);
}
