using System.Globalization;
using System.Numerics;
using System.Text;

namespace RolloutLab.Data.Jinja;

/// <summary>Values as Python's <c>str</c> and <c>repr</c> write them.</summary>
internal static class PythonText
{
    private const int MaxDepth = 100;

    /// <summary>Python's <c>str</c>; what is undefined is empty.</summary>
    public static string Str(object? value) => value switch
    {
        string text => text,
        Undefined => string.Empty,
        _ => Repr(value),
    };

    /// <summary>Python's <c>repr</c>.</summary>
    public static string Repr(object? value)
    {
        var text = new StringBuilder();
        Write(text, value, depth: 0);
        return text.ToString();
    }

    /// <summary>Python's <c>repr</c> of a float: the shortest digits that read back, with an exponent below 1e-4 and from 1e16.</summary>
    public static string Float(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        var scientific = value.ToString("E16", CultureInfo.InvariantCulture);
        var exponent = int.Parse(scientific.AsSpan(scientific.IndexOf('E', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var mark = shortest.IndexOf('E', StringComparison.Ordinal);
        if (value == 0 || (exponent is >= -4 and < 16))
        {
            var plain = mark < 0 ? shortest : decimal.Parse(shortest, NumberStyles.Float, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
            return plain.Contains('.', StringComparison.Ordinal) ? plain : plain + ".0";
        }

        var (sign, digits) = mark < 0 ? (value < 0 ? "-" : "", Digits(shortest)) : ("", shortest[..mark]);
        var mantissa = mark < 0 ? sign + digits[0] + (digits.Length > 1 ? "." + digits[1..] : "") : digits;
        return string.Create(CultureInfo.InvariantCulture, $"{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    /// <summary>Python's name of a value's type, for messages.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "None",
        bool => "a boolean",
        long or BigInteger => "an integer",
        double => "a float",
        string => "a string",
        JinjaList list => list.IsTuple ? "a tuple" : "a list",
        JinjaDict => "a dictionary",
        Namespace => "a namespace",
        JinjaFunction => "a function",
        Undefined undefined => $"undefined ({undefined.Description})",
        _ => "an object",
    };

    private static string Digits(string plain)
    {
        var digits = string.Concat(plain.Where(char.IsAsciiDigit)).TrimStart('0').TrimEnd('0');
        return digits.Length == 0 ? "0" : digits;
    }

    private static void Write(StringBuilder text, object? value, int depth)
    {
        if (depth > MaxDepth || text.Length > Meter.MaxText)
        {
            throw new JinjaException("a value is nested too deeply or too large to be printed");
        }

        switch (value)
        {
            case null:
                text.Append("None");
                break;
            case bool flag:
                text.Append(flag ? "True" : "False");
                break;
            case long or BigInteger:
                text.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
            case double number:
                text.Append(Float(number));
                break;
            case string quoted:
                Quote(text, quoted);
                break;
            case JinjaList list:
                WriteList(text, list, depth);
                break;
            case JinjaDict dictionary:
                WriteDictionary(text, dictionary, depth);
                break;
            case Namespace space:
                text.Append("<Namespace ");
                WriteDictionary(text, space.Members, depth);
                text.Append('>');
                break;
            case Undefined:
                text.Append("Undefined");
                break;
            default:
                throw new JinjaException($"{TypeName(value)} cannot be printed");
        }
    }

    private static void WriteList(StringBuilder text, JinjaList list, int depth)
    {
        text.Append(list.IsTuple ? '(' : '[');
        for (var i = 0; i < list.Count; i++)
        {
            text.Append(i > 0 ? ", " : "");
            Write(text, list[i], depth + 1);
        }

        text.Append(list is { IsTuple: true, Count: 1 } ? "," : "").Append(list.IsTuple ? ')' : ']');
    }

    private static void WriteDictionary(StringBuilder text, JinjaDict dictionary, int depth)
    {
        text.Append('{');
        var first = true;
        foreach (var (key, value) in dictionary)
        {
            text.Append(first ? "" : ", ");
            first = false;
            Quote(text, key);
            text.Append(": ");
            Write(text, value, depth + 1);
        }

        text.Append('}');
    }

    private static void Quote(StringBuilder text, string value)
    {
        var quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append(quote);
        foreach (var rune in value.EnumerateRunes())
        {
            var code = rune.Value;
            if (code == quote || code == '\\')
            {
                text.Append('\\').Append((char)code);
            }
            else if (code is '\n' or '\r' or '\t')
            {
                text.Append('\\').Append(code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
            }
            else if (code == ' ' || IsPrintable(rune))
            {
                text.Append(rune.ToString());
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"\\{(code < 0x100 ? $"x{code:x2}" : code < 0x10000 ? $"u{code:x4}" : $"U{code:x8}")}");
            }
        }

        text.Append(quote);
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
