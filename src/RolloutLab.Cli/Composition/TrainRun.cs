using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Models;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>
/// <c>train</c>: the recipe's supervised warm-up, if it has one, then reinforcement learning. Everything that can be
/// wrong with the input is found when it is made, before a run folder exists.
/// </summary>
internal sealed class TrainRun : IDisposable
{
    private readonly Recipe _recipe;
    private readonly RunSession _session;
    private readonly PromptSet _prompts;
    private readonly PromptSet _evalPrompts;
    private readonly SftStage? _warmup;
    private readonly AdamW _optimizer;
    private readonly LiveSource _engine;
    private readonly Evaluator _evaluator;
    private readonly Grader _grader;

    public TrainRun(Recipe recipe, Machine machine, RunContext context)
    {
        _recipe = recipe;
        _session = new RunSession(recipe, modelFolder: null, machine, context);
        _prompts = _session.TrainingPrompts();
        _evalPrompts = _session.HeldOutPrompts();
        if (recipe.Budget.PromptsPerStep > _prompts.Prompts.Count)
        {
            throw new RecipeException(
                $"{recipe.Source}: budget.prompts_per_step = {recipe.Budget.PromptsPerStep}: data.train has {_prompts.Prompts.Count} prompts; lower it or use more data");
        }

        _grader = new Grader(Strategies.Verifier(recipe.RequireVerifier()));
        _optimizer = new AdamW(_session.Policy.Weights.Parameters, recipe.Optimizer);
        _engine = new LiveSource(_session.Policy, recipe.Engine, LongestSequence(), _session.Random, () => _optimizer.Step);
        _evaluator = _session.Evaluator(_evalPrompts, _engine.Source, _grader);
        _warmup = recipe.Sft is { } sft ? new SftStage(_session, sft, evaluator: null, new WarmupObserver(_session.Observer, sft.Steps)) : null;
    }

    /// <summary>Runs it, everything written to the run's folder.</summary>
    public RunEnding Execute(RunDirectory directory)
    {
        _session.Announce(RunKind.Train, _recipe.Training.Steps, directory.Path, Facts());
        if (_warmup is not null)
        {
            var warmup = _warmup.Execute(Path.Combine(directory.Path, "sft-metrics.jsonl"));
            if (warmup.Interrupted)
            {
                throw new OperationCanceledException("interrupted during the supervised warm-up");
            }

            _session.Observer.Notice($"warm-up done: {warmup.Steps} steps, loss {warmup.FirstLoss:0.000} to {warmup.LastLoss:0.000}");
        }

        using var metrics = new MetricsLog(directory.MetricsPath);
        using var samples = new RolloutSampleLog(directory.RolloutsPath);
        using var reference = _recipe.Loss.Kl.Coefficient != 0 ? new FrozenReference(_session.Policy.Weights) : null;
        var recorder = new RunRecorder(metrics, samples, _recipe.Run.RolloutSamples, _session.Observer);
        var outcome = Loop(directory, recorder, reference?.Model).Run(_session.StopAfterStep);
        return _session.Finish(
            directory, outcome.Interrupted, outcome.Initial.ToScore(), outcome.Final?.ToScore() ?? new PolicyScore(), outcome.State, outcome.Seconds);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _warmup?.Dispose();
        _engine.Dispose();
        _optimizer.Dispose();
        _session.Dispose();
    }

    private TrainingLoop Loop(RunDirectory directory, RunRecorder recorder, DecoderModel? reference)
    {
        var settings = new LoopSettings(
            _recipe.Training.Steps, _recipe.Budget.PromptsPerStep, _recipe.Evaluation.Every, _recipe.Checkpoint.Every, _recipe.Rollout);
        var updater = new PolicyUpdater(
            _session.Policy.Model,
            reference,
            Strategies.Loss(_recipe.Loss.Policy, _session.Random),
            _recipe.Loss,
            _optimizer,
            new LearningRateSchedule(_recipe.Optimizer, _recipe.Training.Steps, _recipe.Update.Epochs * _recipe.Update.Minibatches),
            _recipe.Rollout.Temperature);
        return new TrainingLoop(
            settings,
            new PromptSampler(_prompts, _session.Random, shuffled: _recipe.RequireTrainData().Order == PromptOrderChoice.Shuffled),
            Strategies.Allocator(_recipe.Budget),
            _engine.Source,
            _grader,
            Strategies.Sharpened(_recipe),
            new OptimizerBatchBuilder(_recipe.Loss, _recipe.Update, _recipe.Rollout.MaxNewTokens),
            updater,
            _evaluator,
            new CheckpointStore(directory.CheckpointsPath, _recipe.Checkpoint.KeepLast, _session.Policy.Save, _optimizer),
            recorder);
    }

    private int LongestSequence()
    {
        var prompt = _prompts.Prompts.Concat(_evalPrompts.Prompts).Max(p => p.TokenIds.Length);
        var response = Math.Max(_recipe.Rollout.MaxNewTokens, _recipe.Evaluation.Sampling.MaxNewTokens);
        return (int)Math.Min((long)prompt + response, _session.Policy.Model.MaxPositions);
    }

    private (string Label, string Text)[] Facts() =>
    [
        ("data", $"{_prompts.Prompts.Count} training prompts, {_evalPrompts.Prompts.Count} held out"),
        ("step", $"{_recipe.Budget.PromptsPerStep} prompts"),
    ];

    /// <summary>A copy of the starting policy for the KL term. Owns its weights.</summary>
    private sealed class FrozenReference(DecoderWeights policy) : IDisposable
    {
        private readonly DecoderWeights _weights = policy.Clone(trainable: false);
        private DecoderModel? _model;

        public DecoderModel Model => _model ??= new DecoderModel(_weights);

        public void Dispose()
        {
            _model?.Dispose();
            _weights.Dispose();
        }
    }
}
