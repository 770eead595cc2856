namespace RolloutLab.Data.Jinja;

/// <summary>Variables; a name that is not here is looked for outside.</summary>
/// <param name="outer">The surrounding scope; null for the outermost.</param>
internal sealed class Scope(Scope? outer)
{
    private Dictionary<string, object?>? _variables;

    public void Set(string name, object? value) => (_variables ??= new(StringComparer.Ordinal))[name] = value;

    public object? Get(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._variables is { } variables && variables.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return new Undefined($"'{name}' is not defined");
    }

    private Scope? Outer => outer;
}
