using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Torch;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>Whether training by a recipe fits into the memory that the machine, or its container, lets the process use.</summary>
/// <param name="recipe">The recipe.</param>
/// <param name="machine">The machine.</param>
internal sealed class MemoryCheck(Recipe recipe, Machine machine)
{
    private readonly LoraOptions? _adapter = Policy.AdapterOptions(recipe);

    /// <summary>Most tokens of a sequence, prompt and response, of a recipe whose longest prompt is known.</summary>
    public static int LongestSequence(Recipe recipe, ModelConfig config, int longestPrompt)
    {
        var response = Math.Max(recipe.Rollout.MaxNewTokens, recipe.Evaluation.Sampling.MaxNewTokens);
        return (int)Math.Min((long)longestPrompt + response, config.MaxPositions);
    }

    /// <summary>The memory of the run by part; responses are taken to be as long as they may be.</summary>
    /// <param name="config">Shape of the policy.</param>
    /// <param name="longestSequence">Most tokens of one sequence.</param>
    /// <param name="runtimeBytes">Resident bytes before there is a model.</param>
    public MemoryForecast Forecast(ModelConfig config, int longestSequence, long runtimeBytes) => new(new MemoryPlan
    {
        Config = config,
        Precision = Policy.PrecisionOf(recipe),
        Adapter = _adapter,
        HasReference = recipe.Loss.Kl.Coefficient != 0 && _adapter is null,
        ScoresReference = recipe.Loss.Kl is { Coefficient: not 0, Placement: KlPlacement.Loss },
        PassTokens = PassTokens(longestSequence),
        GradientCheckpointing = recipe.Update.GradientCheckpointing,
        Cache = LiveSource.CacheSize(config, recipe.Engine, longestSequence),
        StepTokens = recipe.Engine.MaxStepTokens,
        Sequences = recipe.Engine.MaxBatch,
        Threads = machine.Info.AtenThreads,
        RuntimeBytes = runtimeBytes,
    });

    /// <summary>Refuses what cannot fit however short the prompts are, before the weights are read.</summary>
    /// <exception cref="RecipeException">It does not fit: the parts that take most, and the keys to change.</exception>
    public void RequireBeforeLoading(ModelConfig config) => Require(config, LongestSequence(recipe, config, longestPrompt: 1), TorchRuntime.Memory().ResidentBytes);

    /// <summary>Refuses what cannot fit.</summary>
    /// <exception cref="RecipeException">It does not fit: the parts that take most, and the keys to change.</exception>
    public void Require(ModelConfig config, int longestSequence, long runtimeBytes)
    {
        if (Forecast(config, longestSequence, runtimeBytes).Problem(machine.MemoryBytes) is { } problem)
        {
            throw new RecipeException($"{recipe.Source}: {problem}; ./rolloutlab doctor {recipe.Source} shows every part");
        }
    }

    /// <summary>Most tokens of a forward and backward pass: the cap, or one longer sequence, and never more than a step has.</summary>
    private int PassTokens(int longestSequence)
    {
        var rollouts = (long)recipe.Budget.PromptsPerStep * recipe.Budget.Terms.RolloutsPerPrompt;
        var step = recipe.Budget.Terms.Unit == BudgetUnit.Rollouts ? rollouts * longestSequence : long.MaxValue;
        var training = Math.Min(Math.Max(recipe.Update.MicroBatchTokens, longestSequence), step);
        var supervised = recipe.Sft is { } sft ? Math.Min(sft.MicroBatchTokens, (long)sft.SequencesPerStep * longestSequence) : 0;
        return (int)Math.Max(training, supervised);
    }
}
