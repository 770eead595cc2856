using System.CommandLine;
using System.CommandLine.Parsing;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary>Says in one line what is wrong with a command line and what was probably meant.</summary>
internal static class UsageErrors
{
    /// <summary>The line for a parse result with errors.</summary>
    public static string Describe(ParseResult result)
    {
        var command = result.CommandResult.Command;
        var unknown = UnknownWord(result, command);
        if (unknown is not null && Suggest(unknown, command, result) is { } nearest)
        {
            return $"{Unknown(unknown, command)}; did you mean {nearest}?";
        }

        return $"{(unknown is null ? Missing(result, command) : Unknown(unknown, command))}; see {PathOf(command)} --help";
    }

    // A misspelt option can have been taken for an argument: then what comes after it is left over.
    private static string? UnknownWord(ParseResult result, Command command) =>
        command.Arguments
            .SelectMany(a => result.GetResult(a)?.Tokens ?? [])
            .Select(t => t.Value)
            .FirstOrDefault(Arguments.LooksLikeAnOption)
        ?? (result.UnmatchedTokens.Count > 0 ? result.UnmatchedTokens[0] : null);

    private static string Unknown(string token, Command command)
    {
        if (Arguments.LooksLikeAnOption(token))
        {
            return $"unknown option {NameOf(token)}";
        }

        return command.Subcommands.Count > 0 ? $"unknown command {token}" : $"unexpected argument {token}";
    }

    private static string? Suggest(string token, Command command, ParseResult result) => Arguments.LooksLikeAnOption(token)
        ? NearestName.Find(NameOf(token), OptionsOf(command, result).SelectMany(o => o.Aliases.Append(o.Name)))
        : NearestName.Find(token, command.Subcommands.Select(c => c.Name));

    private static string Missing(ParseResult result, Command command)
    {
        if (command.Subcommands.Count > 0)
        {
            return $"{PathOf(command)} needs one of the commands {string.Join(", ", command.Subcommands.Select(c => c.Name))}";
        }

        if (result.Errors[0].SymbolResult is OptionResult { Tokens.Count: 0, Implicit: false } option)
        {
            return $"option {option.Option.Name} needs a value";
        }

        var argument = command.Arguments.FirstOrDefault(a => a.Arity.MinimumNumberOfValues > (result.GetResult(a)?.Tokens.Count ?? 0));
        var required = command.Options.FirstOrDefault(o => o.Required && result.GetResult(o) is not { Implicit: false });
        return (argument, required) switch
        {
            ({ } a, _) => $"{PathOf(command)} needs a <{a.Name}>",
            (_, { } o) => $"{PathOf(command)} needs {o.Name} <{o.HelpName}>",
            _ => result.Errors[0].Message.TrimEnd('.'),
        };
    }

    private static string NameOf(string token) => token.Split('=', 2)[0];

    private static IEnumerable<Option> OptionsOf(Command command, ParseResult result) =>
        command.Options.Concat(result.RootCommandResult.Command.Options.Where(o => o.Recursive));

    private static string PathOf(Command command)
    {
        var names = new Stack<string>();
        for (Symbol? symbol = command; symbol is not null; symbol = symbol.Parents.FirstOrDefault())
        {
            names.Push(symbol.Name);
        }

        return string.Join(' ', names);
    }
}
