namespace RolloutLab.Data.Jinja;

/// <summary>Parses the blocks of a template.</summary>
internal sealed class StatementParser
{
    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private StatementParser(List<Token> tokens)
    {
        _tokens = new TokenReader(tokens);
        _expressions = new ExpressionParser(_tokens);
    }

    /// <summary>Parses a whole template.</summary>
    /// <exception cref="JinjaException">It is not in the supported subset of Jinja.</exception>
    public static List<Statement> Parse(string template) => new StatementParser(Lexer.Tokenize(template)).ParseTemplate();

    private List<Statement> ParseTemplate()
    {
        var body = ParseBody();
        return _tokens.Current.Kind == TokenKind.End
            ? body
            : throw new JinjaException($"'{_tokens.Following.Text}' closes or continues nothing", _tokens.Current.Line);
    }

    // Statements up to a block whose first word is one of the given, which is left to be read.
    private List<Statement> ParseBody(params ReadOnlySpan<string> until)
    {
        var body = new List<Statement>();
        while (true)
        {
            var token = _tokens.Current;
            switch (token.Kind)
            {
                case TokenKind.Text:
                    body.Add(new TextOutput(token.Line, _tokens.Take().Text));
                    break;
                case TokenKind.VariableBegin:
                    _tokens.Take();
                    body.Add(new ValueOutput(token.Line, _expressions.ParseTuple()));
                    _tokens.Expect(TokenKind.VariableEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin when IsEndWord(_tokens.Following, until):
                    return body;
                case TokenKind.BlockBegin:
                    _tokens.Take();
                    body.Add(ParseBlock());
                    break;
                default:
                    return until.IsEmpty
                        ? body
                        : throw new JinjaException($"'{{% {until[^1]} %}}' is missing before the end of the template", token.Line);
            }
        }
    }

    private static bool IsEndWord(Token word, ReadOnlySpan<string> until) => until.IsEmpty
        ? word.Text.StartsWith("end", StringComparison.Ordinal) || word.Text is "else" or "elif"
        : until.Contains(word.Text);

    private Statement ParseBlock()
    {
        var line = _tokens.Current.Line;
        _tokens.Enter();
        Statement statement = _tokens.ExpectName("a statement") switch
        {
            "for" => ParseFor(line),
            "if" => ParseIf(line),
            "set" => ParseSet(line),
            "macro" => ParseMacro(line),
            "filter" => ParseFilterBlock(line),
            "generation" => ParseGeneration(line),
            "break" => EndBlock(new Break(RequireLoop(line, "break"))),
            "continue" => EndBlock(new Continue(RequireLoop(line, "continue"))),
            var other => throw new JinjaException(
                $"the statement '{other}' is not supported; supported are for, if, set, macro, filter, generation, raw, break and continue", line),
        };
        _tokens.Leave();
        return statement;
    }

    private T EndBlock<T>(T statement)
    {
        _tokens.Expect(TokenKind.BlockEnd, "'%}'");
        return statement;
    }

    private void Close()
    {
        _tokens.Expect(TokenKind.BlockBegin, "'{%'");
        _tokens.Take();
        _tokens.Expect(TokenKind.BlockEnd, "'%}'");
    }

    private int RequireLoop(int line, string word) => _loops > 0 ? line : throw new JinjaException($"'{word}' stands in no loop", line);

    private For ParseFor(int line)
    {
        var variable = ParseTarget(allowNamespace: false);
        if (!_tokens.TryTakeName("in"))
        {
            throw _tokens.Unexpected("'in'");
        }

        var values = _expressions.ParseTuple(withConditional: false);
        var where = _tokens.TryTakeName("if") ? _expressions.Parse() : null;
        if (_tokens.Current.IsName("recursive"))
        {
            throw new JinjaException("recursive loops are not supported; use a macro that calls itself", line);
        }

        EndBlock(line);
        _loops++;
        var body = ParseBody("else", "endfor");
        _loops--;
        List<Statement> otherwise = [];
        if (_tokens.Following.IsName("else"))
        {
            Close();
            otherwise = ParseBody("endfor");
        }

        Close();
        return new For(line, variable, values, where, body, otherwise);
    }

    private If ParseIf(int line)
    {
        var test = _expressions.ParseTuple();
        EndBlock(line);
        var then = ParseBody("elif", "else", "endif");
        var word = _tokens.Following;
        if (word.IsName("elif"))
        {
            // An elif is an if inside the else; it closes with the same endif, and takes its place among the levels.
            _tokens.Take();
            _tokens.Take();
            _tokens.Enter();
            var next = ParseIf(word.Line);
            _tokens.Leave();
            return new If(line, test, then, [next]);
        }

        List<Statement> otherwise = [];
        if (word.IsName("else"))
        {
            Close();
            otherwise = ParseBody("endif");
        }

        Close();
        return new If(line, test, then, otherwise);
    }

    private Statement ParseSet(int line)
    {
        var variable = ParseTarget(allowNamespace: true);
        if (_tokens.TryTake("="))
        {
            return EndBlock(new Set(line, variable, _expressions.ParseTuple()));
        }

        var filters = _tokens.TryTake("|") ? _expressions.ParseFilters() : [];
        EndBlock(line);
        var body = ParseBody("endset");
        Close();
        return new SetBlock(line, variable, filters, body);
    }

    private Target ParseTarget(bool allowNamespace)
    {
        var line = _tokens.Current.Line;
        if (allowNamespace && _tokens.Following.Is("."))
        {
            var name = _tokens.ExpectName("a namespace");
            _tokens.Take();
            return new NamespaceTarget(line, name, _tokens.ExpectName("an attribute's name"));
        }

        var items = new List<Target>();
        var parentheses = _tokens.TryTake("(");
        do
        {
            items.Add(new NameTarget(line, _tokens.ExpectName("a variable's name")));
        }
        while (_tokens.TryTake(","));
        if (parentheses)
        {
            _tokens.Expect(")");
        }

        return items.Count == 1 ? items[0] : new TupleTarget(line, items);
    }

    private Macro ParseMacro(int line)
    {
        var name = _tokens.ExpectName("the macro's name");
        var parameters = new List<(string, Expression?)>();
        _tokens.Expect("(");
        while (!_tokens.TryTake(")"))
        {
            var parameter = _tokens.ExpectName("a parameter's name");
            parameters.Add((parameter, _tokens.TryTake("=") ? _expressions.Parse() : null));
            if (!_tokens.Current.Is(")"))
            {
                _tokens.Expect(",");
            }
        }

        EndBlock(line);
        var outer = _loops;
        _loops = 0;
        var body = ParseBody("endmacro");
        _loops = outer;
        Close();
        return new Macro(line, name, parameters, body);
    }

    private FilterBlock ParseFilterBlock(int line)
    {
        var filters = _expressions.ParseFilters();
        EndBlock(line);
        var body = ParseBody("endfilter");
        Close();
        return new FilterBlock(line, filters, body);
    }

    private Generation ParseGeneration(int line)
    {
        EndBlock(line);
        var body = ParseBody("endgeneration");
        Close();
        return new Generation(line, body);
    }
}
