using RolloutLab.Allocation;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Models;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Rewards;
using RolloutLab.Runs;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>
/// <c>train</c> and <c>resume</c>: the recipe's supervised warm-up, if it has one, then reinforcement learning; or the
/// latter from a checkpoint on. Everything that can be wrong with the input is found when it is made, before a run folder
/// exists.
/// </summary>
internal sealed class TrainRun : IDisposable
{
    private readonly Recipe _recipe;
    private readonly RunSession _session;
    private readonly LoggedTraining? _log;
    private readonly PromptSet? _prompts;
    private readonly PromptSet? _evalPrompts;
    private readonly SftStage? _warmup;
    private readonly AdamW _optimizer;
    private readonly LiveSource _engine;
    private readonly Evaluator? _evaluator;
    private readonly Grader _grader;
    private readonly Grader _trainingGrader;
    private readonly IReadOnlyList<IRecompositionStage> _stages;
    private readonly IBudgetAllocator _allocator;
    private readonly PromptLedger _ledger;
    private readonly SharpenedAdvantages _advantages;
    private readonly Seeding? _seeding;
    private readonly StepCompanions _companions;
    private readonly SavedCheckpoint? _from;

    /// <param name="recipe">The recipe.</param>
    /// <param name="identity">Which run it is.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="context">What the command line gives.</param>
    /// <param name="from">Where an interrupted run goes on; null at the beginning.</param>
    /// <param name="log">What is taken from a log in place of the engine; null for a live run. Owned by the run.</param>
    public TrainRun(
        Recipe recipe, RunIdentity identity, Machine machine, RunContext context, SavedCheckpoint? from = null, Func<RunSession, LoggedTraining>? log = null)
    {
        (_recipe, _from) = (recipe, from);
        _session = new RunSession(recipe, identity, from?.Folder, machine, context);
        _log = log?.Invoke(_session);
        _prompts = _log?.PromptSetSize is null ? _session.TrainingPrompts() : null;
        _evalPrompts = _log is null || recipe.Data.Eval is not null ? _session.HeldOutPrompts() : null;
        if (recipe.Budget.PromptsPerStep > _prompts?.Prompts.Count)
        {
            throw new RecipeException(
                $"{recipe.Source}: budget.prompts_per_step = {recipe.Budget.PromptsPerStep}: data.train has {_prompts!.Prompts.Count} prompts; lower it or use more data");
        }

        _seeding = recipe.Seeding is { } seeding && _prompts is not null ? new Seeding(seeding, recipe, _session.Policy, _prompts) : null;
        _companions = new StepCompanions(recipe, _session.Policy, _prompts);
        _grader = new Grader(Strategies.Verifier(recipe.RequireVerifier()));
        _trainingGrader = recipe.Reward is { } reward
            ? new Grader(Strategies.Verifier(recipe.RequireVerifier()), new RewardShaper(reward, recipe.Rollout.MaxNewTokens))
            : _grader;
        _stages = Strategies.Stages(recipe.Recompose);
        new MemoryCheck(recipe, machine).Require(_session.Policy.Weights.Config, LongestSequence(), _session.RuntimeBytes);
        _optimizer = new AdamW(_session.Policy.Weights.Trainable, recipe.Optimizer);
        var branching = Strategies.Branching(recipe.Strategy, _session.Policy.Tokenizer);
        _engine = new LiveSource(_session.Policy, recipe.Engine, LongestSequence(), _session.Random, () => _optimizer.Step, branching);
        _evaluator = _evalPrompts is null ? null : _session.Evaluator(_evalPrompts, _engine.Source, _grader);
        _ledger = new PromptLedger(_log?.PromptSetSize ?? _prompts!.Prompts.Count, new LedgerOptions(recipe.Budget.Terms.Forgetting, InitialCost: recipe.Rollout.MaxNewTokens));
        _allocator = AllocationRules.Create(recipe.Budget, _ledger, _session.Random);
        _advantages = Strategies.Sharpened(recipe);
        from?.Restore(_optimizer, Parts);
        _warmup = from is null && recipe.Sft is { } sft ? new SftStage(_session, sft, evaluator: null, new WarmupObserver(_session.Observer, sft.Steps)) : null;
    }

    /// <summary>The parts of the loop that remember something.</summary>
    private List<IStateful> Parts => [.. new object?[] { _allocator, _ledger, _advantages.Estimator, _seeding?.Corpus }.Concat(_stages).OfType<IStateful>()];

    /// <summary>Runs it, everything written to the run's folder.</summary>
    public RunEnding Execute(RunDirectory directory)
    {
        RunChecksums.KeepThrough(directory.Path, _from?.State.Step ?? -1);
        Tracking.KeepThrough(directory, _from?.State.Step);
        StepLog.KeepThrough(directory.RolloutsPath, _from?.State.Step ?? -1);
        RolloutStore.KeepThrough(directory.StorePath, _from?.State.Step ?? -1);
        StepLog.KeepThrough(directory.TreesPath, _from?.State.Step ?? -1);
        StepLog.KeepThrough(directory.BudgetsPath, _from?.State.Step ?? -1);
        _session.Announce(_log?.Steps ?? _recipe.Training.Steps, directory.Path, Facts());
        if (_warmup is not null)
        {
            using var warmupMetrics = Tracking.OpenWarmup(directory, _recipe);
            var warmup = _warmup.Execute(warmupMetrics);

            // Its moments would be as large as those of the optimizer that follows.
            _warmup.Dispose();
            if (warmup.Interrupted)
            {
                throw new OperationCanceledException("interrupted during the supervised warm-up");
            }

            _session.Observer.Notice($"warm-up done: {warmup.Steps} steps, loss {warmup.FirstLoss:0.000} to {warmup.LastLoss:0.000}");
        }

        using var metrics = Tracking.Open(directory, _recipe);
        using var samples = new RolloutSampleLog(directory.RolloutsPath);
        using var budgets = new BudgetLog(directory.BudgetsPath);
        using var trees = new TreeLog(directory.TreesPath);
        using var reference = _recipe.Loss.Kl.Coefficient != 0 ? OpenReference(directory) : null;
        using var store = OpenStore(directory);
        IRunRecorder recorder = new RunRecorder(
            metrics, store, samples, budgets, _recipe.Run.RolloutSamples, trees, _recipe.Run.TreeSamples, _session.Observer);
        recorder = _log?.Around(recorder) ?? recorder;
        var outcome = Run(directory, recorder, reference?.Model);
        foreach (var remark in _log?.Remarks ?? [])
        {
            _session.Observer.Notice(remark);
        }

        return _session.Finish(
            directory, outcome.Interrupted, outcome.Initial, outcome.Final?.ToScore() ?? new PolicyScore(), outcome.State, outcome.Seconds);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _warmup?.Dispose();
        _engine.Dispose();
        _optimizer.Dispose();
        _log?.Dispose();
        _prompts?.Dispose();
        _evalPrompts?.Dispose();
        _session.Dispose();
    }

    private LoopOutcome Run(RunDirectory directory, IRunRecorder recorder, DecoderModel? reference)
    {
        using var checksums = new RunChecksums(directory.Path);
        var checkpoints = new CheckpointStore(directory.CheckpointsPath, _recipe.Checkpoint, _session.Policy.Save, _optimizer, Parts);
        if (_from is null)
        {
            checksums.Append(0);
        }
        else
        {
            checkpoints.Tidy(_from.State);
        }

        return Loop(new ChecksummedCheckpoints(checkpoints, checksums), recorder, reference).Run(_session.StopAfterStep, _from?.State);
    }

    private TrainingLoop Loop(ICheckpointWriter checkpoints, IRunRecorder recorder, DecoderModel? reference)
    {
        var settings = new LoopSettings(
            _log?.Steps ?? _recipe.Training.Steps, _recipe.Budget.PromptsPerStep, _recipe.Evaluation.Every, _recipe.Checkpoint.Every, _recipe.Checkpoint.KeepBest, _recipe.Rollout);
        IPolicyUpdater updater = new PolicyUpdater(
            _session.Policy.Model,
            _recipe.Loss.Kl.Placement == KlPlacement.Loss ? reference : null,
            Strategies.Loss(_recipe.Loss.Policy, _session.Random),
            _recipe.Loss,
            _optimizer,
            new LearningRateSchedule(_recipe.Optimizer, _recipe.Training.Steps, _recipe.Update.Epochs * _recipe.Update.Minibatches),
            _recipe.Rollout.Temperature);
        updater = _log?.Around(updater, _session.Policy.Model) ?? updater;
        return new TrainingLoop(
            settings,
            _log?.Prompts ?? new PromptSampler(_prompts!, _session.Random, shuffled: _recipe.RequireTrainData().Order == PromptOrderChoice.Shuffled),
            new RolloutPlanner(
                _log?.Around(_allocator) ?? _allocator, _recipe.Budget.RoundOverlap, _ledger, _log?.Source ?? _engine.Source, _log?.Grader ?? _trainingGrader, recorder, _seeding?.Seeder),
            _companions.Advantages(_advantages, _engine.Source, _trainingGrader, reference),
            _companions.Explainer(_ledger, _engine.Source, _grader),
            new BatchRecomposer(_stages, _session.Random, _recipe.Training.Steps),
            _stages.OfType<DynamicSampling>().FirstOrDefault(),
            new PackedImprover(new OptimizerBatchBuilder(_recipe.Loss, _recipe.Update, _recipe.Rollout.MaxNewTokens), updater),
            _evaluator,
            checkpoints,
            recorder);
    }

    private int LongestSequence()
    {
        var prompt = Math.Max(
            Math.Max(1, Math.Max(_prompts?.Summary.LongestTokens ?? 0, _evalPrompts?.Summary.LongestTokens ?? 0)),
            Math.Max(_seeding?.MaxPromptTokens ?? 0, _companions.MaxPromptTokens));
        var response = Math.Max(_recipe.Rollout.MaxNewTokens, _recipe.Evaluation.Sampling.MaxNewTokens);
        return _session.Policy.LongestSequence(prompt, response);
    }

    private (string Label, string Text)[] Facts() =>
    [
        ("data", $"{_log?.PromptSetSize ?? _prompts!.Prompts.Count} training prompts, {_evalPrompts?.Prompts.Count ?? 0} held out"),
        ("step", $"{_recipe.Budget.PromptsPerStep} prompts"),
    ];

    /// <summary>The store of all rollouts. Training does without where DuckDB is absent, and says so.</summary>
    private RolloutStore? OpenStore(RunDirectory directory)
    {
        try
        {
            return _recipe.Run.Store ? new RolloutStore(directory.StorePath, Path.GetFileName(directory.Path), _recipe.Reward?.Names ?? []) : null;
        }
        catch (SetupException error)
        {
            _session.Observer.Notice($"rollouts are not stored: {error.Message}");
            return null;
        }
    }

    /// <summary>
    /// The starting policy, frozen: kept in the run's folder, because a resumed run starts from a later one. Under an adapter it
    /// is there all the time.
    /// </summary>
    private FrozenPolicy OpenReference(RunDirectory directory)
    {
        if (_session.Policy.Weights.Adapter is not null)
        {
            return FrozenPolicy.Under(_session.Policy);
        }

        var path = _log?.ReferencePath ?? directory.ReferencePath;
        if (_from is null)
        {
            FrozenPolicy.Save(_session.Policy, path);
        }

        return FrozenPolicy.Open(path, _session.Policy);
    }
}
