using System.Numerics;

namespace RolloutLab.Data.Jinja;

/// <summary>What can follow <c>is</c>.</summary>
/// <param name="meter">Bounds the work.</param>
internal sealed class Tests(Meter meter)
{
    private static readonly SortedSet<string> Known = new(StringComparer.Ordinal)
    {
        "boolean", "callable", "defined", "divisibleby", "eq", "equalto", "even", "false", "float", "ge", "gt", "in", "integer",
        "iterable", "le", "lower", "lt", "mapping", "ne", "none", "number", "odd", "sameas", "sequence", "string", "true", "undefined", "upper",
    };

    public static string Names => string.Join(", ", Known);

    public static bool IsKnown(string name) => Known.Contains(name);

    public bool Holds(string name, object? value, Arguments arguments) => name switch
    {
        "divisibleby" => Modulo(value, arguments.One("num").Integer("the divisor")) == 0,
        "eq" or "equalto" => Operators.AreEqual(value, arguments.One("other"), meter),
        "ne" => !Operators.AreEqual(value, arguments.One("other"), meter),
        "lt" => Operators.Compare("<", value, arguments.One("other"), meter),
        "le" => Operators.Compare("<=", value, arguments.One("other"), meter),
        "gt" => Operators.Compare(">", value, arguments.One("other"), meter),
        "ge" => Operators.Compare(">=", value, arguments.One("other"), meter),
        "in" => Operators.Contains(arguments.One("seq"), value, meter),
        "sameas" => IsSame(value, arguments.One("other")),
        _ => HoldsAlone(name, value, arguments),
    };

    private static bool HoldsAlone(string name, object? value, Arguments arguments)
    {
        arguments.None();
        return name switch
        {
            "boolean" => value is bool,
            "callable" => value is JinjaFunction,
            "defined" => value is not Undefined,
            "undefined" => value is Undefined,
            "even" => Modulo(value, 2) == 0,
            "odd" => Modulo(value, 2) != 0,
            "false" => value is false,
            "true" => value is true,
            "float" => value is double,
            "integer" => value is long or BigInteger,
            "number" => Operators.IsNumber(value),
            "iterable" or "sequence" => value is string or JinjaList or JinjaDict or Undefined,
            "mapping" => value is JinjaDict,
            "none" => value is null,
            "string" => value is string,
            "lower" => HasCase(value, char.IsUpper, char.IsLower),
            _ => HasCase(value, char.IsLower, char.IsUpper),
        };
    }

    private static long Modulo(object? value, long divisor) => divisor == 0
        ? throw new JinjaException("divisibleby zero")
        : value.Integer("what is tested") % divisor;

    private static bool IsSame(object? left, object? right) => left is bool or null && right is bool or null ? Equals(left, right) : ReferenceEquals(left, right);

    private static bool HasCase(object? value, Func<char, bool> wrong, Func<char, bool> right)
    {
        var text = PythonText.Str(value);
        return text.Any(right) && !text.Any(wrong);
    }
}
