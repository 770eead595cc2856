namespace RolloutLab.Data.Jinja;

/// <summary>
/// Cuts a template into tokens by Jinja's rules as transformers sets them: <c>trim_blocks</c> (the newline after a block goes),
/// <c>lstrip_blocks</c> (blanks from the start of a line to a block go), one newline at the end of the template goes.
/// </summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private int _lineAt;

    private Lexer(string source) => _source = source;

    public static List<Token> Tokenize(string template)
    {
        var source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (source.EndsWith('\n'))
        {
            source = source[..^1];
        }

        var lexer = new Lexer(source);
        while (lexer._at < source.Length)
        {
            lexer.ReadText();
        }

        lexer.Add(TokenKind.End, string.Empty, source.Length);
        return lexer._tokens;
    }

    // Text up to the next opening mark, and what that mark opens.
    private void ReadText()
    {
        var open = NextMark(_at);
        if (open < 0)
        {
            Add(TokenKind.Text, _source[_at..], _at);
            _at = _source.Length;
            return;
        }

        AddTextBefore(open);
        var kind = _source[open + 1];
        _at = open + 2 + (open + 2 < _source.Length && _source[open + 2] is '-' or '+' ? 1 : 0);
        if (kind == '#')
        {
            SkipPast("#}", open, "comment '{#'");
        }
        else if (kind == '%' && TryRaw(out var bodyStart))
        {
            ReadRaw(open, bodyStart);
        }
        else
        {
            Add(kind == '%' ? TokenKind.BlockBegin : TokenKind.VariableBegin, _source.Substring(open, 2), open);
            new CodeLexer(_source, this).Read(kind == '%' ? '%' : '}', open);
        }
    }

    private int NextMark(int from)
    {
        for (var at = from; ; at++)
        {
            at = at < _source.Length ? _source.IndexOf('{', at) : -1;
            if (at < 0 || at + 1 >= _source.Length)
            {
                return -1;
            }

            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }
    }

    private void AddTextBefore(int open)
    {
        var text = _source.AsSpan(_at, open - _at);
        var sign = open + 2 < _source.Length ? _source[open + 2] : ' ';
        if (sign == '-')
        {
            text = text[..^CharacterClass.TrailingSpaces(text)];
        }
        else if (sign != '+' && _source[open + 1] != '{')
        {
            var lineStart = text.LastIndexOf('\n') + 1;
            var atLineStart = lineStart > 0 || _at == 0 || _source[_at - 1] == '\n';
            if (atLineStart && CharacterClass.TrailingSpaces(text[lineStart..]) == text.Length - lineStart)
            {
                text = text[..lineStart];
            }
        }

        if (text.Length > 0)
        {
            Add(TokenKind.Text, text.ToString(), _at);
        }
    }

    private bool TryRaw(out int bodyStart)
    {
        var at = SkipSpaces(_at);
        bodyStart = 0;
        if (string.CompareOrdinal(_source, at, "raw", 0, 3) != 0)
        {
            return false;
        }

        at = SkipSpaces(at + 3);
        if (string.CompareOrdinal(_source, at, "-%}", 0, 3) == 0)
        {
            bodyStart = SkipSpaces(at + 3);
        }
        else if (string.CompareOrdinal(_source, at, "%}", 0, 2) == 0)
        {
            bodyStart = at + 2;
        }

        return bodyStart > 0;
    }

    private void ReadRaw(int open, int bodyStart)
    {
        for (var end = _source.IndexOf("{%", bodyStart, StringComparison.Ordinal); end >= 0;
            end = _source.IndexOf("{%", end + 2, StringComparison.Ordinal))
        {
            var name = SkipSpaces(end + 2 + (end + 2 < _source.Length && _source[end + 2] is '-' or '+' ? 1 : 0));
            if (string.CompareOrdinal(_source, name, "endraw", 0, 6) == 0)
            {
                _at = bodyStart;
                AddTextBefore(end);
                _at = name + 6;
                SkipPast("%}", open, "'endraw' block");
                return;
            }
        }

        throw new JinjaException("'raw' is never closed; end it with {% endraw %}", LineOf(open));
    }

    /// <summary>Moves past a closing mark, and past the blanks or the newline that go with it.</summary>
    private void SkipPast(string mark, int open, string what)
    {
        var end = _source.IndexOf(mark, _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new JinjaException($"the {what} is never closed; end it with {mark}", LineOf(open));
        }

        Close(end + mark.Length, end > 0 ? _source[end - 1] : ' ', trimNewline: true);
    }

    /// <summary>Goes on after a closing mark that ends at <paramref name="at"/>, with the sign before it.</summary>
    public void Close(int at, char sign, bool trimNewline)
    {
        _at = at;
        if (sign == '-')
        {
            _at = SkipSpaces(at);
        }
        else if (trimNewline && sign != '+' && at < _source.Length && _source[at] == '\n')
        {
            _at++;
        }
    }

    public int Position => _at;

    public void Add(TokenKind kind, string text, int at) => _tokens.Add(new Token(kind, text, LineOf(at)));

    /// <summary>The line of a position; positions are mostly asked for in rising order.</summary>
    public int LineOf(int at)
    {
        if (at < _lineAt)
        {
            (_line, _lineAt) = (1, 0);
        }

        _line += _source.AsSpan(_lineAt, at - _lineAt).Count('\n');
        _lineAt = at;
        return _line;
    }

    private int SkipSpaces(int at)
    {
        while (at < _source.Length && CharacterClass.IsPythonSpace(_source[at]))
        {
            at++;
        }

        return at;
    }
}
