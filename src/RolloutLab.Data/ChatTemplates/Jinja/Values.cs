namespace RolloutLab.Data.Jinja;

// A template's values are: null (None), bool, long, BigInteger (from JSON only), double, string, JinjaList, JinjaDict,
// Namespace, JinjaFunction, LoopState and Undefined.

/// <summary>What is not there: prints as nothing, is false and empty, and fails when more is asked of it.</summary>
/// <param name="Description">Why, as "'x' is undefined".</param>
internal sealed record Undefined(string Description);

/// <summary>A list or a tuple.</summary>
internal sealed class JinjaList : List<object?>
{
    public JinjaList()
    {
    }

    public JinjaList(IEnumerable<object?> items)
        : base(items)
    {
    }

    /// <summary>Whether it is a tuple: prints with parentheses and differs from a list of the same items.</summary>
    public bool IsTuple { get; init; }
}

/// <summary>A dictionary in the order of insertion; keys are strings, as in JSON.</summary>
internal sealed class JinjaDict() : OrderedDictionary<string, object?>(StringComparer.Ordinal);

/// <summary>What <c>namespace()</c> makes: attributes that inner scopes may set.</summary>
internal sealed class Namespace
{
    public JinjaDict Members { get; } = [];
}

/// <summary>Something that can be called.</summary>
/// <param name="name">Name for messages.</param>
/// <param name="body">What it does.</param>
internal sealed class JinjaFunction(string name, Func<Arguments, object?> body)
{
    public string Name => name;

    public object? Invoke(Arguments arguments) => body(arguments);
}
