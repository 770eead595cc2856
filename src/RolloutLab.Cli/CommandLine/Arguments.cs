using System.CommandLine;

namespace RolloutLab.Cli;

/// <summary>Arguments of commands: paths and names, never options.</summary>
internal static class Arguments
{
    /// <summary>An argument.</summary>
    /// <param name="name">Its name in help.</param>
    /// <param name="arity">How often it may be given.</param>
    /// <param name="description">What it is.</param>
    public static Argument<T> Named<T>(string name, ArgumentArity arity, string description)
    {
        var argument = new Argument<T>(name) { Arity = arity, Description = description };
        argument.Validators.Add(result =>
        {
            // Or a misspelt option would be taken for a file.
            if (result.Tokens.FirstOrDefault(token => LooksLikeAnOption(token.Value)) is { } option)
            {
                result.AddError($"unknown option {option.Value}");
            }
        });
        return argument;
    }

    /// <summary>Whether a word is written like an option.</summary>
    public static bool LooksLikeAnOption(string word) => word.Length > 1 && word[0] == '-';
}
