namespace RolloutLab.Data.Jinja;

/// <summary>The arguments of a call, matched to parameters by position or name.</summary>
/// <param name="callee">Who is called, for messages.</param>
/// <param name="positional">In order.</param>
/// <param name="named">In order.</param>
internal sealed class Arguments(string callee, IReadOnlyList<object?> positional, IReadOnlyList<(string Name, object? Value)> named)
{
    public string Callee => callee;

    public IReadOnlyList<object?> Positional => positional;

    public IReadOnlyList<(string Name, object? Value)> Named => named;

    /// <summary>The values of parameters, in their order; <see cref="Missing"/> for those not given.</summary>
    /// <exception cref="JinjaException">There are too many, or a name is unknown or given twice.</exception>
    public object?[] Bind(params ReadOnlySpan<string> parameters)
    {
        var values = new object?[parameters.Length];
        Array.Fill(values, Missing.Value);
        if (positional.Count > parameters.Length)
        {
            throw new JinjaException($"{callee} takes at most {parameters.Length} arguments, not {positional.Count}");
        }

        for (var i = 0; i < positional.Count; i++)
        {
            values[i] = positional[i];
        }

        foreach (var (name, value) in named)
        {
            var at = parameters.IndexOf(name);
            if (at < 0 || values[at] is not Missing)
            {
                throw new JinjaException($"{callee} has no argument '{name}', or it is given twice");
            }

            values[at] = value;
        }

        return values;
    }

    /// <summary>The one value of a parameter that must be given.</summary>
    public object? One(string parameter)
    {
        var value = Bind(parameter)[0];
        return value is Missing ? throw new JinjaException($"{callee} needs the argument '{parameter}'") : value;
    }

    /// <summary>Throws unless there are no arguments.</summary>
    public void None() => Bind();
}

/// <summary>An argument that was not given.</summary>
internal sealed class Missing
{
    private Missing()
    {
    }

    public static Missing Value { get; } = new();
}

/// <summary>Reads bound arguments.</summary>
internal static class BoundArgument
{
    public static bool IsMissing(this object? value) => value is Missing;

    public static object? Or(this object? value, object? fallback) => value is Missing ? fallback : value;

    public static string Text(this object? value, string what) =>
        value as string ?? throw new JinjaException($"{what} must be a string, not {PythonText.TypeName(value)}");

    public static long Integer(this object? value, string what) => value switch
    {
        long integer => integer,
        bool flag => flag ? 1 : 0,
        _ => throw new JinjaException($"{what} must be an integer, not {PythonText.TypeName(value)}"),
    };
}
