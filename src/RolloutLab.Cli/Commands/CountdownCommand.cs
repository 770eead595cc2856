using System.CommandLine;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.Cli;

/// <summary><c>data countdown</c>.</summary>
internal sealed class CountdownCommand
{
    private const long MostProblems = 1_000_000;

    private readonly CountdownOptions _defaults = new();
    private readonly Option<string> _folder = new("--out")
    {
        HelpName = "folder",
        Required = true,
        Description = "Folder of train.jsonl and heldout.jsonl, which are replaced.",
    };

    private readonly Option<long?> _seed =
        Options.WholeNumber("--seed", 0, long.MaxValue, "Seed; the same seed and options give the same bytes (default: 1).");

    private readonly Option<long?> _train;
    private readonly Option<long?> _heldOut;
    private readonly Option<double?> _shareFour;
    private readonly Option<long?> _maxNumber;
    private readonly Option<long?> _maxTarget;

    private CountdownCommand()
    {
        _train = Options.WholeNumber("--train", 1, MostProblems, $"Problems to train on (default: {_defaults.TrainCount}).");
        _heldOut = Options.WholeNumber(
            "--heldout", 1, MostProblems, $"Held-out problems, in no order in the train set (default: {_defaults.HeldOutCount}).");
        _shareFour = Options.Share(
            "--share-four",
            FormattableString.Invariant($"Share of problems with 4 numbers; the others have 3 (default: {_defaults.FourNumberShare})."));
        _maxNumber = Options.WholeNumber(
            "--max-number", 1, CountdownProblem.MaxValue, $"Numbers are from 1 to this (default: {_defaults.MaxNumber}).");
        _maxTarget = Options.WholeNumber(
            "--max-target", 1, CountdownProblem.MaxValue, $"Targets are from 1 to this (default: {_defaults.MaxTarget}).");
    }

    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var options = new CountdownCommand();
        var command = new DocumentedCommand(
            "countdown", "Make solvable Countdown problems: a train set and a held-out set that do not overlap.")
        {
            Examples =
            [
                ("data countdown --seed 1 --out data/countdown", "the quickstart's problems, again"),
                ("data countdown --out my/countdown --share-four 1 --max-target 200", "harder ones"),
            ],
        };
        foreach (var option in new Option[]
        {
            options._folder, options._seed, options._train, options._heldOut, options._shareFour, options._maxNumber, options._maxTarget,
        })
        {
            command.Options.Add(option);
        }

        command.SetAction(result => options.Execute(result, services));
        return command;
    }

    private int Execute(ParseResult result, CommandLineServices services)
    {
        var options = new CountdownOptions
        {
            TrainCount = (int)(result.GetValue(_train) ?? _defaults.TrainCount),
            HeldOutCount = (int)(result.GetValue(_heldOut) ?? _defaults.HeldOutCount),
            FourNumberShare = result.GetValue(_shareFour) ?? _defaults.FourNumberShare,
            MaxNumber = (int)(result.GetValue(_maxNumber) ?? _defaults.MaxNumber),
            MaxTarget = (int)(result.GetValue(_maxTarget) ?? _defaults.MaxTarget),
        };
        var folder = result.GetRequiredValue(_folder);
        var random = new RandomStreams((ulong)(result.GetValue(_seed) ?? 1));
        var start = services.Clock.GetTimestamp();
        CountdownFile.WriteDataset(folder, new CountdownGenerator(options, random).Generate());
        var seconds = services.Clock.GetElapsedTime(start).TotalSeconds;
        services.Terminal.Out.WriteLine(
            $"wrote {Figures.Count(options.TrainCount)} problems to {Path.Combine(folder, "train.jsonl")} and "
            + $"{Figures.Count(options.HeldOutCount)} to {Path.Combine(folder, "heldout.jsonl")} ({Figures.Duration(seconds)})");
        return ExitCodes.Ok;
    }
}
