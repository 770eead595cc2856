using System.CommandLine;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.Cli;

/// <summary><c>data countdown</c>.</summary>
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
        command.Subcommands.Add(CreateCountdown(services));
        return command;
    }

    private static DocumentedCommand CreateCountdown(CommandLineServices services)
    {
        var defaults = new CountdownOptions();
        var seed = Options.WholeNumber("--seed", 0, long.MaxValue, "Seed; the same seed and options give the same bytes (default: 1).");
        var folder = new Option<string>("--out") { HelpName = "folder", Required = true, Description = "Folder of train.jsonl and heldout.jsonl, which are replaced." };
        var train = Options.WholeNumber("--train", 1, 1_000_000, $"Problems to train on (default: {defaults.TrainCount}).");
        var heldOut = Options.WholeNumber("--heldout", 1, 1_000_000, $"Held-out problems, none of them in the train set in any order (default: {defaults.HeldOutCount}).");
        var shareFour = Options.Share("--share-four", FormattableString.Invariant($"Share of problems with 4 numbers; the others have 3 (default: {defaults.FourNumberShare})."));
        var maxNumber = Options.WholeNumber("--max-number", 1, CountdownProblem.MaxValue, $"Numbers are from 1 to this (default: {defaults.MaxNumber}).");
        var maxTarget = Options.WholeNumber("--max-target", 1, CountdownProblem.MaxValue, $"Targets are from 1 to this (default: {defaults.MaxTarget}).");
        var command = new DocumentedCommand("countdown", "Make solvable Countdown problems: a train set and a held-out set that do not overlap.")
        {
            Examples =
            [
                ("data countdown --seed 1 --out data/countdown", "the quickstart's problems, again"),
                ("data countdown --out my/countdown --share-four 1 --max-target 200", "harder ones"),
            ],
        };
        foreach (var option in new Option[] { folder, seed, train, heldOut, shareFour, maxNumber, maxTarget })
        {
            command.Options.Add(option);
        }

        command.SetAction(result =>
        {
            var options = new CountdownOptions
            {
                TrainCount = (int)(result.GetValue(train) ?? defaults.TrainCount),
                HeldOutCount = (int)(result.GetValue(heldOut) ?? defaults.HeldOutCount),
                FourNumberShare = result.GetValue(shareFour) ?? defaults.FourNumberShare,
                MaxNumber = (int)(result.GetValue(maxNumber) ?? defaults.MaxNumber),
                MaxTarget = (int)(result.GetValue(maxTarget) ?? defaults.MaxTarget),
            };
            Generate(options, (ulong)(result.GetValue(seed) ?? 1), result.GetRequiredValue(folder), services);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Generate(CountdownOptions options, ulong seed, string folder, CommandLineServices services)
    {
        var start = services.Clock.GetTimestamp();
        CountdownFile.WriteDataset(folder, new CountdownGenerator(options, new RandomStreams(seed)).Generate());
        var seconds = services.Clock.GetElapsedTime(start).TotalSeconds;
        services.Terminal.Out.WriteLine(
            $"wrote {Figures.Count(options.TrainCount)} problems to {Path.Combine(folder, "train.jsonl")} and "
            + $"{Figures.Count(options.HeldOutCount)} to {Path.Combine(folder, "heldout.jsonl")} ({Figures.Duration(seconds)})");
    }
}
