namespace RolloutLab.Rewards;

/// <summary>A number found in a text.</summary>
/// <param name="Value">Its value; null when it is written in a way that has no one meaning here.</param>
/// <param name="Fault">Why there is no value; null when there is.</param>
internal readonly record struct FoundNumber(ExactNumber? Value, string? Fault);

/// <summary>
/// Finds the numbers of a text from left to right in linear time. A number is ASCII digits with an optional sign, currency
/// sign, thousands groups, decimals and denominator. Digits glued to a letter, <c>_</c> or <c>^</c> before them (<c>m2</c>,
/// <c>x_1</c>, <c>x^{2}</c>) are part of a name. Units and percent signs after a number are not looked at.
/// </summary>
internal ref struct NumberScanner(ReadOnlySpan<char> text)
{
    private const string CurrencySigns = "$€£¥₹\\";
    private const string Minuses = "-\u2212\u2013";

    private readonly ReadOnlySpan<char> _text = text;
    private int _at;

    /// <summary>Moves to the next number; false at the end of the text.</summary>
    public bool TryNext(out FoundNumber number)
    {
        while (_at < _text.Length)
        {
            if (!StartsNumber(_at))
            {
                _at++;
                continue;
            }

            var start = _at;
            var run = TakeRun();
            if (!IsPartOfName(start))
            {
                number = IsOddlyContinued() ? WrittenNumber.Unreadable : WrittenNumber.Parse(run, IsNegative(start));
                return true;
            }
        }

        number = default;
        return false;
    }

    private readonly bool StartsNumber(int at) =>
        IsDigit(at) || (At(at) == '.' && IsDigit(at + 1) && !char.IsLetterOrDigit(At(at - 1)) && At(at - 1) != '.');

    /// <summary>Takes all digits and separators, without the punctuation at their end.</summary>
    private ReadOnlySpan<char> TakeRun()
    {
        var start = _at;
        while (IsDigit(_at) || At(_at) is ',' or '.' or '/')
        {
            _at++;
        }

        var run = _text[start.._at].TrimEnd(",./");
        _at = start + run.Length;
        return run;
    }

    /// <summary>Whether an exponent, a power or a digit of another script changes the value of the number just taken.</summary>
    private readonly bool IsOddlyContinued()
    {
        var next = At(_at);
        var exponent = next is 'e' or 'E' && (IsDigit(_at + 1) || (At(_at + 1) is '+' or '-' && IsDigit(_at + 2)));
        return exponent || next == '^' || IsForeignNumber(next);
    }

    private readonly bool IsNegative(int start)
    {
        var at = start - 1;
        while (CurrencySigns.Contains(At(at)))
        {
            at--;
        }

        if (Minuses.Contains(At(at)))
        {
            // Between two operands, as in "10-3", a minus subtracts.
            var before = At(at - 1);
            return !char.IsLetterOrDigit(before) && before is not (')' or ']' or '}' or '%');
        }

        at = SkipSpacesBack(at);
        if (!Minuses.Contains(At(at)))
        {
            return false;
        }

        // A minus apart from its number is a sign only where no operand or word can come before it.
        return At(SkipSpacesBack(at - 1)) is '\0' or ':' or '=' or '(' or '{' or '[';
    }

    private readonly int SkipSpacesBack(int at)
    {
        while (At(at) == ' ')
        {
            at--;
        }

        return at;
    }

    private readonly bool IsPartOfName(int start)
    {
        var before = At(start - 1) == '{' ? At(start - 2) : At(start - 1);
        return before is '_' or '^' or '√' || (At(start - 1) == before && (char.IsLetter(before) || IsForeignNumber(before)));
    }

    private static bool IsForeignNumber(char c) => char.IsNumber(c) && !char.IsAsciiDigit(c);

    private readonly bool IsDigit(int at) => char.IsAsciiDigit(At(at));

    /// <summary>The character at a position; NUL outside the text.</summary>
    private readonly char At(int at) => (uint)at < (uint)_text.Length ? _text[at] : '\0';
}
