using RolloutLab.Cli;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;
using RolloutLab.Training;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary>Computes nothing: remembers what it was asked for and does what the test says.</summary>
internal sealed class RecordingRuns(Func<RunContext, RunEnding> behaviour) : IRunCommands
{
    public string? Command { get; private set; }

    public RunArguments? Arguments { get; private set; }

    public EvalArguments? EvalArguments { get; private set; }

    public RunEnding Train(RunArguments arguments, RunContext context) => Run("train", arguments, context);

    public (MemoryForecast Forecast, long LimitBytes) Memory(RunArguments arguments, Action<string> notice) => throw new NotSupportedException();

    public RunEnding Resume(string runFolder, RunContext context) => Run("resume", new RunArguments(runFolder, [], null), context);

    public RunEnding Sft(RunArguments arguments, RunContext context) => Run("sft", arguments, context);

    public RunEnding Eval(EvalArguments arguments, RunContext context)
    {
        (Command, EvalArguments) = ("eval", arguments);
        return behaviour(context);
    }

    public ExportedModel Export(ExportArguments arguments, IProgress<WorkDone> progress) => throw new NotSupportedException();

    public (RunEnding Ending, ReplayComparison? Comparison, IReadOnlyList<ReplayedRollout> Shown) Replay(ReplayArguments arguments, Recipe recipe, RunContext context)
    {
        Command = "replay";
        return (behaviour(context), null, []);
    }

    public IChatModel Chat(ChatArguments arguments) => throw new NotSupportedException();

    private RunEnding Run(string command, RunArguments arguments, RunContext context)
    {
        (Command, Arguments) = (command, arguments);
        return behaviour(context);
    }
}
