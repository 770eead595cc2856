using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>What <c>train</c> and <c>sft</c> were asked to do.</summary>
/// <param name="Recipe">The recipe file.</param>
/// <param name="Overrides">Values to set, <c>a.b=c</c> each; <c>--seed</c> and <c>--threads</c> are the last of them.</param>
/// <param name="RunDirectory">The folder to write to; null for a new one under the recipe's <c>run.dir</c>.</param>
internal sealed record RunArguments(string Recipe, IReadOnlyList<string> Overrides, string? RunDirectory);

/// <summary>What <c>eval</c> was asked to do.</summary>
/// <param name="Target">A model folder or a recipe file.</param>
/// <param name="Recipe">The recipe whose evaluation applies when the target is a model folder; null when none was named.</param>
/// <param name="Overrides">Values to set, <c>a.b=c</c> each; <c>--seed</c> and <c>--threads</c> are the last of them.</param>
/// <param name="RunDirectory">The folder to write to; null to write none.</param>
internal sealed record EvalArguments(string Target, string? Recipe, IReadOnlyList<string> Overrides, string? RunDirectory)
{
    /// <summary>The prompts to measure a model on without a recipe; null where a recipe names them.</summary>
    public DatasetArguments? Dataset { get; init; }
}

/// <summary>Prompts for <c>eval</c> without a recipe.</summary>
/// <param name="Path">File or pattern.</param>
internal sealed record DatasetArguments(string Path)
{
    /// <summary>What the columns mean, as <c>data.eval.type</c> names it; null to see from the first row.</summary>
    public string? Format { get; init; }

    /// <summary>What judges answers, as <c>verifier.type</c> names it; null for what fits the format.</summary>
    public string? Verifier { get; init; }

    /// <summary>Column with the prompt; null for what the first row has.</summary>
    public string? PromptField { get; init; }

    /// <summary>Column with the answer; null for what the first row has.</summary>
    public string? AnswerField { get; init; }

    /// <summary>What stands around a prompt that is text; null for what fits the format.</summary>
    public string? PromptTemplate { get; init; }

    /// <summary>System message; null for none.</summary>
    public string? System { get; init; }

    /// <summary>Whether a chat template is passed over.</summary>
    public bool IsPlain { get; init; }

    /// <summary>The k of pass@k, not empty.</summary>
    public required IReadOnlyList<int> PassAt { get; init; }

    /// <summary>Prompts from the start; 0 for all.</summary>
    public int Limit { get; init; }

    /// <summary>Longest answer in tokens.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>Divides logits; null for 0 with one rollout a prompt, else 1.</summary>
    public double? Temperature { get; init; }

    /// <summary>Draw from the fewest tokens that have this probability together.</summary>
    public double TopP { get; init; } = 1;
}

/// <summary>What <c>export</c> was asked to do.</summary>
/// <param name="Source">A run folder, a checkpoint, or a model or adapter folder.</param>
/// <param name="Folder">The folder to write.</param>
/// <param name="Step">Which checkpoint of a run; null for its newest.</param>
/// <param name="Merge">Whether an adapter is added to its base model.</param>
/// <param name="Type">How weights are stored.</param>
/// <param name="Base">An adapter's base model; null for the one it names.</param>
internal sealed record ExportArguments(string Source, string Folder, long? Step, bool Merge, SafetensorsType Type, string? Base);

/// <summary>What <c>export</c> wrote.</summary>
/// <param name="Path">The folder.</param>
/// <param name="IsAdapter">Whether it is an adapter's.</param>
/// <param name="Parameters">Weights in it.</param>
/// <param name="Files">Its files by name.</param>
internal sealed record ExportedModel(string Path, bool IsAdapter, long Parameters, IReadOnlyList<(string Name, long Bytes)> Files);

/// <summary>What a run is given by the command line.</summary>
/// <param name="Observer">Shown to the user.</param>
/// <param name="StopAfterStep">Cancelled when the run should end after the step it is in, with everything written.</param>
internal sealed record RunContext(IRunObserver Observer, CancellationToken StopAfterStep)
{
    /// <summary>Shows long work before a run begins, counted in this unit; null where nobody watches.</summary>
    public Func<string, WorkProgress?> Work { get; init; } = _ => null;
}

/// <summary>The commands that compute. Each tells its observer of the start, the progress and the end of the run.</summary>
internal interface IRunCommands
{
    /// <summary>Trains by reinforcement learning.</summary>
    /// <exception cref="RolloutLabException">The input, the machine or the run is at fault.</exception>
    RunEnding Train(RunArguments arguments, RunContext context);

    /// <summary>What <c>train</c> would take of the memory that there is; nothing is trained.</summary>
    /// <param name="arguments">Recipe and overrides.</param>
    /// <param name="notice">Told what is left out of the data.</param>
    /// <returns>The forecast, and the bytes that the process may use.</returns>
    /// <exception cref="RolloutLabException">The input or the machine is at fault.</exception>
    (MemoryForecast Forecast, long LimitBytes) Memory(RunArguments arguments, Action<string> notice);

    /// <summary>Goes on with an interrupted training run.</summary>
    /// <param name="runFolder">The run's folder.</param>
    /// <param name="context">What the command line gives.</param>
    /// <exception cref="RolloutLabException">The folder, the machine or the run is at fault.</exception>
    RunEnding Resume(string runFolder, RunContext context);

    /// <summary>Trains by supervised fine-tuning.</summary>
    /// <exception cref="RolloutLabException">The input, the machine or the run is at fault.</exception>
    RunEnding Sft(RunArguments arguments, RunContext context);

    /// <summary>Evaluates a policy.</summary>
    /// <exception cref="RolloutLabException">The input, the machine or the run is at fault.</exception>
    RunEnding Eval(EvalArguments arguments, RunContext context);

    /// <summary>Writes a model or an adapter as a folder for other tools.</summary>
    /// <param name="arguments">What was asked for.</param>
    /// <param name="progress">Told of the megabytes written.</param>
    /// <exception cref="RolloutLabException">The source, the target or the machine is at fault.</exception>
    ExportedModel Export(ExportArguments arguments, IProgress<WorkDone> progress);

    /// <summary>Opens a model to talk to.</summary>
    /// <returns>The model; the caller disposes it.</returns>
    /// <exception cref="RolloutLabException">The folder or the machine is at fault.</exception>
    IChatModel Chat(ChatArguments arguments);

    /// <summary>Trains on logged rollouts: a run's own exactly, or off-policy on any log.</summary>
    /// <param name="arguments">What was asked for.</param>
    /// <param name="recipe">The recipe that goes with it.</param>
    /// <param name="context">What the command line gives.</param>
    /// <returns>How it ended; of an exact replay also what was compared, and the rollouts that were asked for.</returns>
    /// <exception cref="RolloutLabException">The input, the machine or the run is at fault.</exception>
    (RunEnding Ending, ReplayComparison? Comparison, IReadOnlyList<ReplayedRollout> Shown) Replay(ReplayArguments arguments, Recipe recipe, RunContext context);
}
