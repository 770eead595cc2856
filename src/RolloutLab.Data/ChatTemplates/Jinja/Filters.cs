using System.Globalization;
using System.Numerics;

namespace RolloutLab.Data.Jinja;

/// <summary>What can follow a bar.</summary>
/// <param name="meter">Bounds the work.</param>
internal sealed class Filters(Meter meter)
{
    private static readonly SortedSet<string> Known = new(StringComparer.Ordinal)
    {
        "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "indent", "int", "items", "join", "last", "length", "list",
        "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort", "string",
        "sum", "title", "tojson", "trim", "unique", "upper",
    };

    private readonly Members _members = new(meter);
    private readonly ListFilters _lists = new(meter);

    public static string Names => string.Join(", ", Known);

    public static bool IsKnown(string name) => Known.Contains(name);

    public object? Apply(string name, object? value, Arguments arguments) => name switch
    {
        "map" => _lists.Map(value, arguments, this),
        "select" or "reject" => _lists.Select(value, arguments, keep: name == "select"),
        "selectattr" or "rejectattr" => _lists.SelectAttribute(value, arguments, keep: name == "selectattr"),
        "sort" or "unique" or "min" or "max" => _lists.Ordered(name, value, arguments),
        "dictsort" => _lists.SortDictionary(value, arguments),
        "sum" => _lists.Sum(value, arguments),
        "join" => _lists.Join(value, arguments),
        "default" or "d" => Default(value, arguments),
        "int" => ToInteger(value, arguments),
        "float" => ToFloat(value, arguments),
        "round" => Round(value, arguments),
        "trim" => meter.Produced(StringMethods.Strip(PythonText.Str(value), arguments.Bind("chars")[0].Or(null), start: true, end: true)),
        "replace" => Replace(value, arguments),
        "indent" => Indent(PythonText.Str(value), arguments),
        "tojson" => ToJson(value, arguments),
        _ => ApplyPlain(name, value, arguments),
    };

    private object? ApplyPlain(string name, object? value, Arguments arguments)
    {
        arguments.None();
        return name switch
        {
            "length" or "count" => Sequences.Length(value),
            "string" or "safe" => meter.Produced(PythonText.Str(value)),
            "upper" => meter.Produced(PythonText.Str(value).ToUpperInvariant()),
            "lower" => meter.Produced(PythonText.Str(value).ToLowerInvariant()),
            "title" => meter.Produced(StringMethods.Title(PythonText.Str(value))),
            "capitalize" => meter.Produced(StringMethods.Capitalize(PythonText.Str(value))),
            "list" => new JinjaList(Sequences.Iterate(value, meter)),
            "first" => Sequences.Iterate(value, meter) is { Count: > 0 } items ? items[0] : new Undefined("there is no first item"),
            "last" => Sequences.Iterate(value, meter) is { Count: > 0 } items ? items[^1] : new Undefined("there is no last item"),
            "reverse" when value is string => Sequences.Slice(value, null, null, -1, meter),
            "reverse" => new JinjaList(Sequences.Iterate(value, meter).Reverse()),
            "items" => value switch
            {
                JinjaDict dictionary => _members.Pairs(dictionary),
                Undefined => new JinjaList(),
                _ => throw new JinjaException($"the filter 'items' needs a dictionary, not {PythonText.TypeName(value)}"),
            },
            "abs" => value switch
            {
                double number => (object)Math.Abs(number),
                long and not long.MinValue or bool => Math.Abs(value.Integer("the number")),
                _ => throw new JinjaException($"the filter 'abs' needs a number, not {PythonText.TypeName(value)}"),
            },
            _ => throw new JinjaException($"the filter '{name}' is not supported"),
        };
    }

    private static object? Default(object? value, Arguments arguments)
    {
        var bound = arguments.Bind("default_value", "boolean");
        var replaces = value is Undefined || (Operators.IsTrue(bound[1].Or(false)) && !Operators.IsTrue(value));
        return replaces ? bound[0].Or(string.Empty) : value;
    }

    private static object? ToInteger(object? value, Arguments arguments)
    {
        var bound = arguments.Bind("default", "base");
        if (bound[1].Or(10L) is not 10L)
        {
            throw new JinjaException("the filter 'int' takes base 10 only");
        }

        return value switch
        {
            long or BigInteger => value,
            bool flag => flag ? 1L : 0L,
            double number when Math.Abs(number) < 9e18 => (long)number,
            string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) => integer,
            string text when TryFloat(text, out var number) && Math.Abs(number) < 9e18 => (long)number,
            _ => bound[0].Or(0L),
        };
    }

    private static object? ToFloat(object? value, Arguments arguments)
    {
        var fallback = arguments.Bind("default")[0].Or(0.0);
        return value is string text ? (TryFloat(text, out var number) ? number : fallback)
            : Operators.IsNumber(value) ? Operators.ToDouble(value!) : fallback;
    }

    private static bool TryFloat(string text, out double number) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    private static double Round(object? value, Arguments arguments)
    {
        var bound = arguments.Bind("precision", "method");
        var precision = bound[0].Or(0L).Integer("the precision");
        var method = bound[1].Or("common").Text("the method");
        if (!Operators.IsNumber(value) || precision is < 0 or > 15 || method is not ("common" or "ceil" or "floor"))
        {
            throw new JinjaException("the filter 'round' needs a number, a precision from 0 to 15 and common, ceil or floor");
        }

        var (number, scale) = (Operators.ToDouble(value!), Math.Pow(10, precision));
        return method switch
        {
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => Math.Round(number, (int)precision, MidpointRounding.ToEven),
        };
    }

    private string Replace(object? value, Arguments arguments)
    {
        var bound = arguments.Bind("old", "new", "count");
        var limit = bound[2].Or(null) is { } count ? count.Integer("the count") : -1;
        return StringMethods.Replace(PythonText.Str(value), bound[0].Text("what is replaced"), bound[1].Text("the replacement"), limit, meter);
    }

    private string Indent(string text, Arguments arguments)
    {
        var bound = arguments.Bind("width", "first", "blank");
        var indentation = bound[0].Or(4L) is string own ? own : new string(' ', (int)Math.Clamp(bound[0].Or(4L).Integer("the width"), 0, 1000));
        var (first, blank) = (Operators.IsTrue(bound[1].Or(false)), Operators.IsTrue(bound[2].Or(false)));
        var lines = text.Split('\n');
        meter.Produce(text.Length + ((long)lines.Length * indentation.Length));
        for (var i = first ? 0 : 1; i < lines.Length; i++)
        {
            lines[i] = blank || lines[i].Length > 0 || i == 0 ? indentation + lines[i] : lines[i];
        }

        return string.Join('\n', lines);
    }

    private string ToJson(object? value, Arguments arguments)
    {
        var bound = arguments.Bind("ensure_ascii", "indent", "separators", "sort_keys");
        var indent = bound[1].Or(null) switch
        {
            null => null,
            string text => text,
            var width => new string(' ', (int)Math.Clamp(width.Integer("the indent"), 0, 100)),
        };
        var (item, key) = bound[2].Or(null) switch
        {
            null => (indent is null ? ", " : ",", ": "),
            JinjaList { Count: 2 } own => (own[0].Text("a separator"), own[1].Text("a separator")),
            _ => throw new JinjaException("tojson: separators must be two strings"),
        };
        var json = new PythonJson(Operators.IsTrue(bound[0].Or(false)), indent, item, key, Operators.IsTrue(bound[3].Or(false)));
        return meter.Produced(json.Write(value));
    }
}
