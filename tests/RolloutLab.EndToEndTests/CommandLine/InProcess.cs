using RolloutLab.Cli;
using RolloutLab.Runs;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary>What a call of the command line left behind.</summary>
internal sealed record CallResult(int Code, string Out, string Error);

/// <summary>Calls the command line inside the test's process, with nothing behind it that computes.</summary>
internal static class InProcess
{
    public static CallResult Call(params string[] arguments) =>
        Call(() => throw new InvalidOperationException("no command of this test computes"), arguments);

    public static CallResult Call(IRunCommands runs, params string[] arguments) => Call(() => runs, arguments);

    public static CallResult CallRun(Func<RunContext, RunEnding> behaviour, params string[] arguments) =>
        Call(new RecordingRuns(behaviour), arguments);

    private static CallResult Call(Func<IRunCommands> runs, string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var terminal = new Terminal { Out = output, Error = error, IsLive = false };
        var code = new CommandLineProgram(new CommandLineServices(terminal, runs, _ => null, new ManualClock())).Run(arguments);
        return new CallResult(code, output.ToString(), error.ToString());
    }
}
