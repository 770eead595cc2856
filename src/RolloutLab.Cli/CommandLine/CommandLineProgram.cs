using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Reflection;

namespace RolloutLab.Cli;

/// <summary>The <c>rolloutlab</c> command line: parses, runs one command, and turns errors into a line and an exit code.</summary>
internal sealed class CommandLineProgram
{
    private readonly CommandLineServices _services;
    private readonly DocumentedCommand _root;
    private readonly Option<bool> _debug = new("--debug") { Recursive = true, Description = "Show the stack trace of an error." };

    /// <summary>Creates the command line.</summary>
    public CommandLineProgram(CommandLineServices services)
    {
        _services = services;
        _root = CreateRoot(services, _debug);
    }

    /// <summary>The program's version, such as <c>0.1.0</c>.</summary>
    public static string Version => Assembly.GetExecutingAssembly().GetName().Version!.ToString(3);

    /// <summary>Runs one command.</summary>
    /// <param name="arguments">The words after the program's name.</param>
    /// <returns>The exit code; see <see cref="ExitCodes"/>.</returns>
    public int Run(IReadOnlyList<string> arguments)
    {
        // Response files are off: a word that begins with @ is a word.
        var configuration = new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false };
        var result = CommandLineParser.Parse(_root, arguments.Count == 0 ? ["--help"] : arguments, configuration);
        if (result.Action is ParseErrorAction)
        {
            _services.Terminal.Error.WriteLine($"rolloutlab: {UsageErrors.Describe(result)}");
            return ExitCodes.BadInput;
        }

        try
        {
            return result.Invoke(new InvocationConfiguration
            {
                Output = _services.Terminal.Out,
                Error = _services.Terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
#pragma warning disable CA1031 // The program's outermost handler: every error, also an unforeseen one, becomes one line and an exit code.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return ErrorReporter.Report(error, result.GetValue(_debug), _services.Terminal.Error);
        }
    }

    private static DocumentedCommand CreateRoot(CommandLineServices services, Option<bool> debug)
    {
        var root = new DocumentedCommand("rolloutlab", "Trains language models by reinforcement learning from verifiable rewards (GRPO).")
        {
            Examples =
            [
                ("train recipes/quickstart.yaml", "learn Countdown in under 3 minutes on 2 cores"),
                ("eval runs/<run>", "evaluate what a run has learned"),
                ("doctor", "see what this machine has and lacks"),
            ],
            Notes =
            [
                ("Exit codes",
                [
                    ("0", "done"),
                    ("1", "the run failed, or doctor found a problem"),
                    ("2", "the command line, a recipe, a dataset or a checkpoint is wrong"),
                    ("69", "something is not set up on this machine"),
                    ("130", "interrupted (Ctrl-C ends after the current step, twice at once)"),
                ]),
            ],
        };
        var help = new HelpOption { Recursive = true, Description = "Show help." };
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        root.Options.Add(help);
        root.Options.Add(new VersionOption { Description = "Show the version.", Action = new VersionAction() });
        root.Options.Add(debug);
        foreach (var command in RunCommandSet.Create(services))
        {
            root.Subcommands.Add(command);
        }

        root.Subcommands.Add(ExportCommand.Create(services));
        root.Subcommands.Add(ChatCommand.Create(services));
        root.Subcommands.Add(InspectCommand.Create(services));
        root.Subcommands.Add(QueryCommand.Create(services));
        root.Subcommands.Add(CompareCommand.Create(services));
        root.Subcommands.Add(ReportCommand.Create(services));
        root.Subcommands.Add(ReplayCommand.Create(services));
        root.Subcommands.Add(AllocateCommand.Create(services));
        root.Subcommands.Add(SimulateCommand.Create(services));
        root.Subcommands.Add(DoctorCommand.Create(services));
        root.Subcommands.Add(DataCommand.Create(services));
        root.Subcommands.Add(RecipeCommand.Create(services));
        root.Subcommands.Add(ParityCommand.Create(services));
        root.Subcommands.Add(SweepCommand.Create(services));
        return root;
    }

    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"rolloutlab {Version}");
            return ExitCodes.Ok;
        }
    }
}
