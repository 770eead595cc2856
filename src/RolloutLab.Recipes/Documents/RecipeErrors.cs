using RolloutLab.Core;

namespace RolloutLab.Recipes;

/// <summary>Collects what is wrong with a recipe, to be reported as one line.</summary>
internal sealed class RecipeErrors
{
    private readonly List<(SourceLocation Location, Func<string> Message)> _errors = [];

    /// <summary>Whether anything is wrong so far.</summary>
    public bool Any => _errors.Count > 0;

    /// <summary>Adds an error: the path of the key, then value, rule and remedy.</summary>
    public void Add(SourceLocation location, string message) => Add(location, () => message);

    /// <summary>Adds an error whose message is only worked out when it is the one reported.</summary>
    public void Add(SourceLocation location, Func<string> message) => _errors.Add((location, message));

    /// <summary>Throws the error that stands first in the file, with the number of the others.</summary>
    /// <exception cref="RecipeException">Anything is wrong.</exception>
    public void ThrowIfAny()
    {
        if (!Any)
        {
            return;
        }

        // Errors without a line (the command line's, or a missing section's) come after those a file's line shows.
        var first = _errors.OrderBy(e => e.Location.Line > 0 ? e.Location.Line : int.MaxValue).First();
        string others = _errors.Count > 1 ? $" (and {_errors.Count - 1} more)" : "";
        throw new RecipeException($"{first.Location}: {first.Message()}{others}");
    }
}
