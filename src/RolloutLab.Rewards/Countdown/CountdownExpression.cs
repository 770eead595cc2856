using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace RolloutLab.Rewards;

/// <summary>
/// An arithmetic expression over whole numbers, <c>+ - * /</c> and parentheses, with its exact rational value. There is no
/// unary sign, no decimal point, no power, no implied product; spaces may stand between symbols. Parsing is linear in the
/// text, which has a length limit, and recursion has a depth limit, so no text can exhaust time or stack.
/// </summary>
public sealed class CountdownExpression
{
    /// <summary>Longest expression in characters.</summary>
    public const int MaxLength = 512;

    /// <summary>Deepest nesting of parentheses.</summary>
    public const int MaxDepth = 32;

    private CountdownExpression(Node root, IReadOnlyList<long> numbers)
    {
        (Value, Canonical, Numbers) = (root.Value, root.Text, numbers);
    }

    /// <summary>The numbers in the order they are written.</summary>
    public IReadOnlyList<long> Numbers { get; }

    /// <summary>Fully parenthesised, without spaces, operands of + and * in a fixed order.</summary>
    public string Canonical { get; }

    /// <summary>The exact value; null when a division by zero or a number beyond 18 digits turns up on the way.</summary>
    public ExactRational? Value { get; }

    /// <summary>Whether the value is this whole number.</summary>
    public bool IsExactly(long number) => Value is { } value && value.Denominator == 1 && value.Numerator == number;

    /// <summary>Reads an expression.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="expression">The expression, when it can be read.</param>
    /// <param name="fault">Why it cannot, otherwise.</param>
    public static bool TryParse(
        ReadOnlySpan<char> text,
        [NotNullWhen(true)] out CountdownExpression? expression,
        [NotNullWhen(false)] out string? fault)
    {
        expression = null;
        if (text.Length > MaxLength)
        {
            fault = $"the expression is longer than {MaxLength} characters";
            return false;
        }

        var parser = new Parser(text);
        if (parser.TryParseAll(out var root))
        {
            (expression, fault) = (new CountdownExpression(root, parser.Numbers), null);
            return true;
        }

        fault = $"the expression cannot be read at character {parser.At}";
        return false;
    }

    private readonly record struct Node(ExactRational? Value, string Text);

    /// <summary>sum = product {(+|-) product}; product = atom {(*|/) atom}; atom = number | ( sum ).</summary>
    private ref struct Parser(ReadOnlySpan<char> text)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private int _at;
        private int _depth;

        public List<long> Numbers { get; } = [];

        public readonly int At => _at;

        public bool TryParseAll(out Node root) => TrySum(out root) && Peek() == '\0' && _at == _text.Length;

        private bool TrySum(out Node node)
        {
            if (!TryProduct(out node))
            {
                return false;
            }

            while (Peek() is '+' or '-')
            {
                var symbol = _text[_at++];
                if (!TryProduct(out var right))
                {
                    return false;
                }

                node = Join(node, symbol, right);
            }

            return true;
        }

        private bool TryProduct(out Node node)
        {
            if (!TryAtom(out node))
            {
                return false;
            }

            while (Peek() is '*' or '/')
            {
                var symbol = _text[_at++];
                if (!TryAtom(out var right))
                {
                    return false;
                }

                node = Join(node, symbol, right);
            }

            return true;
        }

        private bool TryAtom(out Node node)
        {
            node = default;
            if (Peek() != '(')
            {
                return TryNumber(out node);
            }

            if (++_depth > MaxDepth)
            {
                return false;
            }

            _at++;
            if (!TrySum(out node) || Peek() != ')')
            {
                return false;
            }

            _at++;
            _depth--;
            return true;
        }

        private bool TryNumber(out Node node)
        {
            node = default;
            if (!WholeNumber.TryRead(_text, ref _at, out var value))
            {
                return false;
            }

            Numbers.Add(value);
            node = new Node(new ExactRational(value, 1), value.ToString(CultureInfo.InvariantCulture));
            return true;
        }

        /// <summary>The next symbol after spaces; NUL at the end (a NUL in the text is no symbol either).</summary>
        private char Peek()
        {
            while (_at < _text.Length && _text[_at] == ' ')
            {
                _at++;
            }

            return _at < _text.Length ? _text[_at] : '\0';
        }

        private static Node Join(Node left, char symbol, Node right)
        {
            var value = left.Value is { } a && right.Value is { } b ? ExactRational.TryCompute(a, symbol, b) : null;
            return new Node(value, CountdownTerm.JoinText(left.Text, symbol, right.Text));
        }
    }
}
