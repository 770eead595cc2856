using System.CommandLine;

namespace RolloutLab.Cli;

/// <summary><c>data</c>: commands that make datasets.</summary>
internal static class DataCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var command = new DocumentedCommand("data", "Make datasets.")
        {
            Examples =
            [
                ("data countdown --seed 1 --out data/countdown", "the Countdown problems of the quickstart, again"),
                ("data countdown --out my/countdown --share-four 1", "only problems with 4 numbers"),
            ],
        };
        command.Subcommands.Add(CountdownCommand.Create(services));
        return command;
    }
}
