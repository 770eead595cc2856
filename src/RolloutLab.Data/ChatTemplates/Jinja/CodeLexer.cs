using System.Globalization;
using System.Text;

namespace RolloutLab.Data.Jinja;

/// <summary>Cuts what stands between <c>{{ }}</c> or <c>{% %}</c> into names, literals and operators.</summary>
/// <param name="source">The template.</param>
/// <param name="lexer">Takes the tokens.</param>
internal sealed class CodeLexer(string source, Lexer lexer)
{
    private static readonly string[] Operators =
    [
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",",
    ];

    private int _at;

    /// <summary>Reads up to and over the closing mark.</summary>
    /// <param name="closing">'%' for blocks, '}' for variables.</param>
    /// <param name="open">Where the opening mark is.</param>
    public void Read(char closing, int open)
    {
        var depth = 0;
        for (_at = lexer.Position; ;)
        {
            while (_at < source.Length && CharacterClass.IsPythonSpace(source[_at]))
            {
                _at++;
            }

            if (_at >= source.Length)
            {
                throw new JinjaException($"'{{{(closing == '%' ? '%' : '{')}' is never closed", lexer.LineOf(open));
            }

            if (depth == 0 && TryClose(closing))
            {
                return;
            }

            var c = source[_at];
            if (c is '\'' or '"')
            {
                ReadString(c);
            }
            else if (char.IsAsciiDigit(c))
            {
                ReadNumber();
            }
            else if (c == '_' || char.IsLetter(c))
            {
                ReadName();
            }
            else
            {
                depth += ReadOperator();
            }
        }
    }

    private bool TryClose(char closing)
    {
        var sign = source[_at] is '-' or '+' ? source[_at] : ' ';
        var mark = _at + (sign == ' ' ? 0 : 1);
        if (mark + 1 >= source.Length || source[mark] != closing || source[mark + 1] != '}' || (sign == '+' && closing == '}'))
        {
            return false;
        }

        lexer.Add(closing == '%' ? TokenKind.BlockEnd : TokenKind.VariableEnd, source.Substring(mark, 2), _at);
        lexer.Close(mark + 2, sign, trimNewline: closing == '%');
        return true;
    }

    private void ReadName()
    {
        var start = _at;
        while (_at < source.Length && (source[_at] == '_' || char.IsLetterOrDigit(source[_at])))
        {
            _at++;
        }

        lexer.Add(TokenKind.Name, source[start.._at], start);
    }

    private void ReadNumber()
    {
        var start = _at;
        SkipDigits();
        var isFloat = false;
        if (_at + 1 < source.Length && source[_at] == '.' && char.IsAsciiDigit(source[_at + 1]) && (start == 0 || source[start - 1] != '.'))
        {
            isFloat = true;
            _at++;
            SkipDigits();
        }

        if (_at < source.Length && source[_at] is 'e' or 'E')
        {
            var digits = _at + 1 + (_at + 1 < source.Length && source[_at + 1] is '+' or '-' ? 1 : 0);
            if (digits < source.Length && char.IsAsciiDigit(source[digits]))
            {
                isFloat = true;
                _at = digits;
                SkipDigits();
            }
        }

        var text = source[start.._at].Replace("_", string.Empty, StringComparison.Ordinal);
        lexer.Add(isFloat ? TokenKind.Float : TokenKind.Integer, text, start);
    }

    private void SkipDigits()
    {
        while (_at < source.Length && (char.IsAsciiDigit(source[_at]) || source[_at] == '_'))
        {
            _at++;
        }
    }

    // Returns how the nesting of brackets changes.
    private int ReadOperator()
    {
        foreach (var op in Operators)
        {
            if (string.CompareOrdinal(source, _at, op, 0, op.Length) == 0)
            {
                lexer.Add(TokenKind.Operator, op, _at);
                _at += op.Length;
                return op is "(" or "[" or "{" ? 1 : op is ")" or "]" or "}" ? -1 : 0;
            }
        }

        throw new JinjaException($"the character '{source[_at]}' means nothing here", lexer.LineOf(_at));
    }

    private void ReadString(char quote)
    {
        var start = _at++;
        var text = new StringBuilder();
        while (_at < source.Length && source[_at] != quote)
        {
            if (source[_at] == '\\' && _at + 1 < source.Length)
            {
                _at++;
                ReadEscape(text);
            }
            else
            {
                text.Append(source[_at++]);
            }
        }

        if (_at >= source.Length)
        {
            throw new JinjaException("a string is never closed", lexer.LineOf(start));
        }

        _at++;
        lexer.Add(TokenKind.String, text.ToString(), start);
    }

    // Python's escapes; an unknown one keeps its backslash.
    private void ReadEscape(StringBuilder text)
    {
        var c = source[_at++];
        switch (c)
        {
            case '\n':
                break;
            case '\\' or '\'' or '"':
                text.Append(c);
                break;
            case 'x' or 'u' or 'U':
                ReadHexadecimal(text, c == 'x' ? 2 : c == 'u' ? 4 : 8);
                break;
            case >= '0' and <= '7':
                var value = c - '0';
                for (var more = 0; more < 2 && _at < source.Length && source[_at] is >= '0' and <= '7'; more++)
                {
                    value = (value * 8) + source[_at++] - '0';
                }

                text.Append((char)value);
                break;
            default:
                var simple = "abfnrtv".IndexOf(c, StringComparison.Ordinal);
                _ = simple >= 0 ? text.Append("\a\b\f\n\r\t\v"[simple]) : text.Append('\\').Append(c);
                break;
        }
    }

    private void ReadHexadecimal(StringBuilder text, int digits)
    {
        if (_at + digits <= source.Length
            && uint.TryParse(source.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            && value <= 0x10FFFF)
        {
            _ = value < 0x10000 ? text.Append((char)value) : text.Append(char.ConvertFromUtf32((int)value));
            _at += digits;
            return;
        }

        throw new JinjaException($"a string has an escape that is not {digits} hexadecimal digits of a character", lexer.LineOf(_at));
    }
}
