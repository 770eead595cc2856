using System.Diagnostics;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Torch;

namespace RolloutLab.Cli;

/// <summary>What every computing command has: the policy, the datasets, the evaluator. Owns the policy.</summary>
internal sealed class RunSession : IDisposable
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly RunContext _context;

    /// <param name="recipe">The recipe.</param>
    /// <param name="identity">Which run it is.</param>
    /// <param name="modelFolder">The model to open instead of the recipe's; null for that.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="context">What the command line gives.</param>
    /// <param name="trainable">Whether the policy is trained.</param>
    public RunSession(Recipe recipe, RunIdentity identity, string? modelFolder, Machine machine, RunContext context, bool trainable = true)
    {
        (Recipe, Identity, Machine, _context) = (recipe, identity, machine, context);
        Random = new RandomStreams((ulong)recipe.Seed);
        RuntimeBytes = TorchRuntime.Memory().ResidentBytes;
        Policy = modelFolder is null
            ? Policy.Create(recipe, Random, machine.Device, trainable)
            : Policy.Open(modelFolder, recipe, lora: null, Random, machine.Device, trainable);
        Policy.Model.GradientCheckpointing = recipe.Update.GradientCheckpointing;
        Datasets = new Datasets(Policy.Tokenizer, Policy.Model.MaxPositions, Random, Chats.Of(recipe, Policy.TokenizerHome), context.Observer.Notice)
        {
            Work = context.Work,
            Stop = context.StopAfterStep,
        };
    }

    public Recipe Recipe { get; }

    public RunIdentity Identity { get; }

    public Machine Machine { get; }

    public RandomStreams Random { get; }

    /// <summary>Resident bytes before there was a model.</summary>
    public long RuntimeBytes { get; }

    public Policy Policy { get; }

    public Datasets Datasets { get; }

    public IRunObserver Observer => _context.Observer;

    public CancellationToken StopAfterStep => _context.StopAfterStep;

    /// <summary>Loads the recipe's training prompts.</summary>
    public PromptSet TrainingPrompts() => Datasets.Prompts("train", Recipe.RequireTrainData(), Recipe.Rollout.MaxNewTokens);

    /// <summary>Loads the recipe's held-out prompts, named after their file.</summary>
    public PromptSet HeldOutPrompts()
    {
        var section = Recipe.RequireEvalData();
        return Datasets.Prompts(NameOf(section.Path), section, Recipe.Evaluation.Sampling.MaxNewTokens);
    }

    /// <summary>The evaluator of the recipe's <c>evaluation</c> section.</summary>
    public Evaluator Evaluator(PromptSet prompts, IRolloutSource source, Grader grader)
    {
        var section = Recipe.Evaluation;
        return new Evaluator(prompts.Prompts, prompts.Name, section.Rollouts, [.. section.PassAt], section.Sampling, source, grader);
    }

    /// <summary>The file's name without its ending; of a pattern without wildcards, so that metrics have a name to type.</summary>
    private static string NameOf(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        if (!FilePattern.IsPattern(path))
        {
            return name;
        }

        var plain = name.Replace("*", "", StringComparison.Ordinal).Replace("?", "", StringComparison.Ordinal).Trim('-', '_', '.');
        return plain.Length > 0 ? plain : "eval";
    }

    /// <summary>Tells that the run begins.</summary>
    public void Announce(long steps, string? directory, params ReadOnlySpan<(string Label, string Text)> facts)
    {
        var weights = Policy.Weights;
        var size = weights.ParameterCount < 1_000_000 ? $"{weights.ParameterCount / 1e3:0} k" : $"{weights.ParameterCount / 1e6:0.0} M";
        List<KeyValuePair<string, string>> all =
        [
            new("model", $"{size} parameters, {weights.Config.Layers} layers, vocabulary {weights.Config.VocabularySize}"),
        ];
        if (weights.Adapter is { } adapter)
        {
            all.Add(new("adapter", $"LoRA of rank {adapter.Options.Rank}, {adapter.ParameterCount / 1e3:0} k parameters trained"));
        }

        foreach (var (label, text) in facts)
        {
            all.Add(new(label, text));
        }

        var info = Machine.Info;
        all.Add(new("machine", $"{info.AtenThreads} threads, {info.CpuCapability}, {info.Blas.Name} {info.Blas.Threading} {info.Blas.Core}, LibTorch {info.LibtorchVersion}"));
        if (Recipe.Device == DeviceChoice.Auto)
        {
            all.Add(new("device", info.CudaLack is { } lack ? $"{Machine.Device} (auto: {lack})" : $"{Machine.Device} (auto)"));
        }

        Observer.RunStarted(new RunStart(Identity.Kind, Identity.Name, steps, directory, all));
    }

    /// <summary>Writes the summary, tells it, and returns how the run ended.</summary>
    public RunEnding Finish(RunDirectory? directory, bool interrupted, PolicyScore initial, PolicyScore final, LoopState state, PhaseClock seconds)
    {
        var summary = new RunSummary
        {
            Stopped = interrupted ? RunEnding.Interrupted : RunEnding.Finished,
            Initial = initial,
            Final = final,
            Steps = state.Step,
            RolloutsTotal = state.RolloutsTotal,
            TokensGenerated = state.TokensGenerated,
            TokensTrained = state.TokensTrained,
            WallSeconds = Stopwatch.GetElapsedTime(_started).TotalSeconds,
            Seconds = new PhaseSeconds
            {
                Rollout = seconds[Phase.Rollout],
                Verify = seconds[Phase.Verify],
                Advantage = seconds[Phase.Advantage],
                Update = seconds[Phase.Update],
                Eval = seconds[Phase.Eval],
            },
            PeakMemoryBytes = TorchRuntime.Memory().PeakResidentBytes,
            Seed = Recipe.Seed,
            RecipeHash = Identity.RecipeHash,
        };
        if (directory is not null)
        {
            directory.WriteSummary(summary);
            RunChecksums.End(directory.Path, state.Step);
        }

        Observer.RunFinished(summary);
        return summary.Stopped;
    }

    /// <inheritdoc/>
    public void Dispose() => Policy.Dispose();
}
