using System.Numerics;

namespace RolloutLab.Data.Jinja;

/// <summary>Python's truth, equality, order and arithmetic.</summary>
internal static class Operators
{
    private const int MaxDepth = 100;

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long integer => integer != 0,
        double number => number != 0,
        BigInteger integer => !integer.IsZero,
        string text => text.Length > 0,
        JinjaList list => list.Count > 0,
        JinjaDict dictionary => dictionary.Count > 0,
        _ => true,
    };

    public static bool AreEqual(object? left, object? right, Meter meter, int depth = 0)
    {
        meter.Work();
        if (depth > MaxDepth)
        {
            throw new JinjaException("values are nested too deeply to be compared");
        }

        return (left, right) switch
        {
            (null, null) or (Undefined, Undefined) => true,
            (string l, string r) => l == r,
            (JinjaList l, JinjaList r) => l.IsTuple == r.IsTuple && l.Count == r.Count
                && l.Zip(r).All(pair => AreEqual(pair.First, pair.Second, meter, depth + 1)),
            (JinjaDict l, JinjaDict r) => l.Count == r.Count
                && l.All(e => r.TryGetValue(e.Key, out var other) && AreEqual(e.Value, other, meter, depth + 1)),
            _ when IsNumber(left) && IsNumber(right) => CompareNumbers(left!, right!) == 0,
            _ => ReferenceEquals(left, right),
        };
    }

    public static bool Compare(string op, object? left, object? right, Meter meter) => op switch
    {
        "==" => AreEqual(left, right, meter),
        "!=" => !AreEqual(left, right, meter),
        "in" => Contains(right, left, meter),
        "not in" => !Contains(right, left, meter),
        "<" => Order(left, right, op, meter) is < 0 and not int.MinValue,
        "<=" => Order(left, right, op, meter) is <= 0 and not int.MinValue,
        ">" => Order(left, right, op, meter) is > 0,
        _ => Order(left, right, op, meter) is >= 0,
    };

    /// <summary>Negative, zero or positive; <see cref="int.MinValue"/> where a NaN makes every order false.</summary>
    public static int Order(object? left, object? right, string op, Meter meter)
    {
        meter.Work();
        return (left, right) switch
        {
            (string l, string r) => CodePointOrder.Compare(l, r),
            _ when IsNumber(left) && IsNumber(right) => CompareNumbers(left!, right!) ?? int.MinValue,
            _ => throw new JinjaException($"'{op}' cannot compare {PythonText.TypeName(left)} with {PythonText.TypeName(right)}"),
        };
    }

    public static bool Contains(object? container, object? item, Meter meter)
    {
        switch (container)
        {
            case string text:
                meter.Work(text.Length / 16);
                return text.Contains(item.Text("what is looked for in a string"), StringComparison.Ordinal);
            case JinjaList list:
                return list.Any(other => AreEqual(other, item, meter));
            case JinjaDict dictionary:
                return item is string key && dictionary.ContainsKey(key);
            case Undefined:
                return false;
            default:
                throw new JinjaException($"'in' cannot look into {PythonText.TypeName(container)}");
        }
    }

    public static object? Arithmetic(string op, object? left, object? right, Meter meter)
    {
        meter.Work();
        switch (op, left, right)
        {
            case ("+", string l, string r):
                meter.Produce((long)l.Length + r.Length);
                return l + r;
            case ("+", JinjaList l, JinjaList r) when l.IsTuple == r.IsTuple:
                meter.Work(l.Count + r.Count);
                return new JinjaList([.. l, .. r]) { IsTuple = l.IsTuple };
            case ("*", string or JinjaList, long or bool):
                return Repeat(left, right.Integer("a count"), meter);
            case ("*", long or bool, string or JinjaList):
                return Repeat(right, left.Integer("a count"), meter);
            case ("%", string, _):
                throw new JinjaException("'%' on a string is not supported; join the parts with ~");
        }

        if (!IsNumber(left) || !IsNumber(right) || left is BigInteger || right is BigInteger)
        {
            throw new JinjaException($"'{op}' cannot take {PythonText.TypeName(left)} and {PythonText.TypeName(right)}");
        }

        try
        {
            return left is double || right is double || op == "/" ? Floating(op, ToDouble(left!), ToDouble(right!)) : Whole(op, ToLong(left!), ToLong(right!));
        }
        catch (OverflowException)
        {
            throw new JinjaException($"the result of '{op}' is beyond 64 bits");
        }
    }

    public static object Negate(object? value) => value switch
    {
        double number => (object)-number,
        long integer when integer != long.MinValue => -integer,
        bool flag => flag ? -1L : 0L,
        _ => throw new JinjaException($"'-' cannot take {PythonText.TypeName(value)}"),
    };

    public static bool IsNumber(object? value) => value is bool or long or double or BigInteger;

    public static double ToDouble(object value) => value switch
    {
        double number => number,
        BigInteger integer => (double)integer,
        _ => ToLong(value),
    };

    private static long ToLong(object value) => value is bool flag ? (flag ? 1 : 0) : (long)value;

    private static int? CompareNumbers(object left, object right)
    {
        if (left is not double && right is not double)
        {
            return ToBig(left).CompareTo(ToBig(right));
        }

        var (l, r) = (ToDouble(left), ToDouble(right));
        return double.IsNaN(l) || double.IsNaN(r) ? null : l.CompareTo(r);
    }

    private static BigInteger ToBig(object value) => value is BigInteger integer ? integer : ToLong(value);

    private static object Repeat(object? value, long count, Meter meter)
    {
        count = Math.Clamp(count, 0, int.MaxValue);
        if (value is string text)
        {
            meter.Produce(text.Length * count);
            return string.Concat(Enumerable.Repeat(text, (int)(text.Length == 0 ? 0 : count)));
        }

        var list = (JinjaList)value!;
        meter.Work(list.Count * count);
        return new JinjaList(Enumerable.Repeat(list, (int)(list.Count == 0 ? 0 : count)).SelectMany(items => items)) { IsTuple = list.IsTuple };
    }

    private static double Floating(string op, double left, double right)
    {
        if (right == 0 && (op is "/" or "//" or "%"))
        {
            throw new JinjaException($"'{op}' by zero");
        }

        return op switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            "//" => Math.Floor(left / right),
            "%" => left - (right * Math.Floor(left / right)),
            _ => Math.Pow(left, right),
        };
    }

    private static object Whole(string op, long left, long right)
    {
        if (right == 0 && (op is "//" or "%"))
        {
            throw new JinjaException($"'{op}' by zero");
        }

        return op switch
        {
            "+" => checked(left + right),
            "-" => checked(left - right),
            "*" => checked(left * right),
            "//" => checked(left / right) - (left % right != 0 && (left < 0) != (right < 0) ? 1 : 0),
            "%" => right == -1 ? 0L : ModuloOf(left, right),
            _ => Power(left, right),
        };
    }

    // Python's sign: that of the divisor.
    private static long ModuloOf(long left, long right)
    {
        var rest = left % right;
        return rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest;
    }

    private static object Power(long left, long right)
    {
        if (right < 0)
        {
            return Math.Pow(left, right);
        }

        // 2^63 does not fit; 0, 1 and -1 do at any exponent.
        var result = BigInteger.Pow(left, (int)Math.Min(right, left is 0 or 1 ? 1 : left == -1 ? right % 2 : 64));
        return right == 0 ? 1L : checked((long)result);
    }
}
