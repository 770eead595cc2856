namespace RolloutLab.Recipes;

/// <summary>The outcome of giving a node its meaning: a value, or the rule it breaks.</summary>
internal readonly record struct Conversion<T>(T Value, string? Problem)
{
    public static Conversion<T> Failed(string problem) => new(default!, problem);
}

/// <summary>Everything there is to say about one key that holds a value.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
internal sealed record KeySpec<T>
{
    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>Type in words: number, integer, text, path, yes or no, list of integers or numbers, or the choices.</summary>
    public required string Type { get; init; }

    /// <summary>The rule its values obey, in words; empty when the type says it all.</summary>
    public string Rule { get; init; } = "";

    /// <summary>The choices, where the value is one of a few words.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>One line: what it does.</summary>
    public required string Doc { get; init; }

    /// <summary>Whether the key may be left out.</summary>
    public required bool HasDefault { get; init; }

    /// <summary>The value of a key left out; where it may not be, any value that lets the reading go on.</summary>
    public required T Default { get; init; }

    /// <summary>How the schema shows the default when it depends on other keys; null shows the value itself.</summary>
    public string? DefaultText { get; init; }

    /// <summary>Gives a node its meaning.</summary>
    public required Func<DocumentNode, Conversion<T>> Convert { get; init; }

    /// <summary>The value as YAML on one line.</summary>
    public required Func<T, string> Format { get; init; }

    /// <summary>The value as it enters the recipe's hash; null for the same as <see cref="Format"/>.</summary>
    public Func<T, string>? FormatForHash { get; init; }
}
