using System.Globalization;
using System.Text;

namespace RolloutLab.Data.HuggingFace;

/// <summary>
/// Oniguruma's patterns as .NET's, over a text that has one UTF-16 unit for each code point (see <see cref="CodePointText"/>).
/// What would not mean exactly the same is refused.
/// </summary>
internal sealed class PatternTranslator
{
    private const int MaxNesting = 50;

    private readonly string _pattern;
    private readonly StringBuilder _result = new();
    private int _at;

    private PatternTranslator(string pattern) => _pattern = pattern;

    /// <summary>The pattern for .NET; on failure, null and why.</summary>
    public static string? Translate(string pattern, out string problem)
    {
        var translator = new PatternTranslator(pattern);
        try
        {
            translator.Alternatives(ignoreCase: false, depth: 0);
            problem = translator._at == pattern.Length ? "" : "has a ')' that closes nothing";
        }
        catch (FormatException error)
        {
            problem = error.Message;
        }

        return problem.Length == 0 ? translator._result.ToString() : null;
    }

    private bool More => _at < _pattern.Length;

    private void Alternatives(bool ignoreCase, int depth)
    {
        if (depth > MaxNesting)
        {
            throw new FormatException($"has more than {MaxNesting} nested groups");
        }

        while (More && _pattern[_at] != ')')
        {
            if (_pattern[_at] == '|')
            {
                _result.Append('|');
                _at++;
                continue;
            }

            var start = _result.Length;
            Atom(ignoreCase, depth);
            Quantifier(start);
        }
    }

    private void Atom(bool ignoreCase, int depth)
    {
        switch (_pattern[_at])
        {
            case '(':
                Group(ignoreCase, depth);
                break;
            case '[' when !ignoreCase:
                Set();
                break;
            case '\\':
                _result.Append(Escape(inSet: false));
                break;
            case '.':
                _result.Append("[^\\n]");
                _at++;
                break;
            case '[' or '^' or '$' or '*' or '+' or '?' or '{' or '}' or ']':
                throw new FormatException($"has '{_pattern[_at]}' in position {_at}, which is not supported there");
            default:
                Literal(ignoreCase);
                break;
        }
    }

    private void Group(bool ignoreCase, int depth)
    {
        foreach (var (opening, translated, folds) in new[]
        {
            ("(?i:", "(?:", true), ("(?:", "(?:", ignoreCase), ("(?=", "(?=", ignoreCase), ("(?!", "(?!", ignoreCase), ("(?>", "(?>", ignoreCase),
            ("(?<=", "(?<=", ignoreCase), ("(?<!", "(?<!", ignoreCase), ("(", "(?:", ignoreCase),
        })
        {
            if (string.CompareOrdinal(_pattern, _at, opening, 0, opening.Length) == 0 && (opening.Length > 1 || _at + 1 >= _pattern.Length || _pattern[_at + 1] != '?'))
            {
                _result.Append(translated);
                _at += opening.Length;
                Alternatives(folds, depth + 1);
                if (!More)
                {
                    throw new FormatException("has a '(' that is never closed");
                }

                _result.Append(')');
                _at++;
                return;
            }
        }

        throw new FormatException($"has a group in position {_at} that is not supported");
    }

    private void Literal(bool ignoreCase)
    {
        var c = _pattern[_at++];
        if (char.IsSurrogate(c) || (ignoreCase && c > '\u007f'))
        {
            throw new FormatException($"has the character U+{(int)c:X4} where it is not supported");
        }

        RequireNoStandIn(c, c);

        // Folding beyond ASCII: U+017F is an s, and U+212A a k.
        _result.Append(ignoreCase && char.IsAsciiLetter(c)
            ? $"[{char.ToLowerInvariant(c)}{char.ToUpperInvariant(c)}{((c | 0x20) == 's' ? "\u017f" : (c | 0x20) == 'k' ? "\u212a" : "")}]"
            : Escaped(c));
    }

    private void Quantifier(int start)
    {
        if (!More || !(_pattern[_at] is '?' or '*' or '+' or '{'))
        {
            return;
        }

        var from = _at;
        var isCounted = _pattern[_at] == '{';
        _at = isCounted ? _pattern.IndexOf('}', _at) + 1 : _at + 1;
        var counts = _at > from ? _pattern[from.._at] : "";
        if (isCounted && !IsCount(counts))
        {
            throw new FormatException($"has a count in position {from} that is not supported");
        }

        _result.Append(counts);
        if (More && _pattern[_at] == '?')
        {
            _result.Append('?');
            _at++;
        }
        else if (More && _pattern[_at] == '+' && !isCounted)
        {
            // Possessive: what it took is not given back.
            _result.Insert(start, "(?>").Append(')');
            _at++;
        }

        if (More && _pattern[_at] is '?' or '*' or '+' or '{')
        {
            throw new FormatException($"has a quantifier of a quantifier in position {_at}");
        }
    }

    private static bool IsCount(string counts)
    {
        var parts = counts.Length > 2 ? counts[1..^1].Split(',') : [];
        return parts.Length is 1 or 2 && parts[0].Length > 0 && parts.All(part => part.Length <= 4 && part.All(char.IsAsciiDigit));
    }

    private void Set()
    {
        _result.Append('[');
        _at++;
        if (More && _pattern[_at] == '^')
        {
            _result.Append('^');
            _at++;
        }

        for (var first = true; ; first = false)
        {
            if (!More)
            {
                throw new FormatException("has a '[' that is never closed");
            }

            var c = _pattern[_at];
            if (c == ']' && !first)
            {
                break;
            }

            if (c is '[' or ']' || char.IsSurrogate(c) || (c == '&' && _at + 1 < _pattern.Length && _pattern[_at + 1] == '&'))
            {
                throw new FormatException($"has '{(char.IsSurrogate(c) ? '?' : c)}' in a set in position {_at}, which is not supported there");
            }

            var isRange = c == '-' && !first && _at + 1 < _pattern.Length && _pattern[_at + 1] != ']';
            RequireNoStandIn(isRange ? _pattern[_at - 1] : c, isRange ? _pattern[_at + 1] : c);
            _result.Append(c == '\\' ? Escape(inSet: true) : isRange ? "-" : Escaped(c));
            _at += c == '\\' ? 0 : 1;
        }

        _result.Append(']');
        _at++;
    }

    private static void RequireNoStandIn(char first, char last)
    {
        if (last >= first && CodePointText.HasStandIn(first, last))
        {
            throw new FormatException($"names U+{(int)first:X4} to U+{(int)last:X4}, which is not supported");
        }
    }

    private string Escape(bool inSet)
    {
        var c = _at + 1 < _pattern.Length ? _pattern[_at + 1] : throw new FormatException("ends with a backslash");
        _at += 2;
        switch (c)
        {
            case 's' or 'S':
                return $"\\{c}";
            case 'd':
                return "\\p{Nd}";
            case 'D':
                return "\\P{Nd}";
            case 'p' or 'P':
                return Category(c);
            case 'n' or 'r' or 't' or 'f' or 'v':
                return $"\\{c}";
            case 'u' or 'x':
                return Code(c);
            default:
                return !char.IsLetterOrDigit(c) && !char.IsSurrogate(c)
                    ? Escaped(c)
                    : throw new FormatException($"has \\{c}{(inSet ? " in a set" : "")}, which is not supported");
        }
    }

    private string Category(char p)
    {
        var end = _pattern.IndexOf('}', _at);
        var name = end > _at && _pattern[_at] == '{' ? _pattern[(_at + 1)..end] : "";
        var negated = name.StartsWith('^');
        name = negated ? name[1..] : name;
        if (!CodePointText.IsCategory(name))
        {
            throw new FormatException($"has \\{p}{{{BpeVocabulary.Shown(name)}}}; supported are general categories such as \\p{{L}} and \\p{{Lu}}");
        }

        _at = end + 1;
        return $"\\{(negated != (p == 'P') ? 'P' : 'p')}{{{name}}}";
    }

    private string Code(char kind)
    {
        var braces = kind == 'x' && More && _pattern[_at] == '{';
        var end = braces ? _pattern.IndexOf('}', _at) : Math.Min(_at + (kind == 'u' ? 4 : 2), _pattern.Length);
        var start = braces ? _at + 1 : _at;
        if (end > start && int.TryParse(_pattern.AsSpan(start, end - start), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            && code is >= 0 and <= 0xFFFF && !char.IsSurrogate((char)code) && (code < 0x80 || kind == 'u' || braces))
        {
            _at = braces ? end + 1 : end;
            RequireNoStandIn((char)code, (char)code);
            return Escaped((char)code);
        }

        throw new FormatException($"has a \\{kind} in position {_at - 2} that is not supported");
    }

    private static string Escaped(char c) => char.IsAsciiLetterOrDigit(c) ? c.ToString() : $"\\u{(int)c:X4}";
}
