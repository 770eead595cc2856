using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Models;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>What a training run takes from a log in place of the engine, and what is put around its other parts. Owns the reading of the log.</summary>
internal abstract class LoggedTraining(LogCursor cursor, long steps) : IDisposable
{
    /// <summary>Where the replay is.</summary>
    protected LogCursor Cursor => cursor;

    /// <summary>Steps of the run.</summary>
    public long Steps => steps;

    /// <summary>Size of the prompt set that the log counts in; null for that of the recipe's data.</summary>
    public virtual int? PromptSetSize => null;

    /// <summary>Makes the rollouts.</summary>
    public abstract IRolloutSource Source { get; }

    /// <summary>Hands out the prompts; null for the recipe's own order of its data.</summary>
    public virtual IPromptSource? Prompts => null;

    /// <summary>Gives the verdicts; null for the recipe's verifier.</summary>
    public virtual IGrader? Grader => null;

    /// <summary>What is put around the allocator.</summary>
    public virtual IBudgetAllocator Around(IBudgetAllocator allocator) => allocator;

    /// <summary>What is put around the update.</summary>
    public virtual IPolicyUpdater Around(IPolicyUpdater updater, DecoderModel model) => updater;

    /// <summary>What is put around the record.</summary>
    public virtual IRunRecorder Around(IRunRecorder recorder) => recorder;

    /// <inheritdoc/>
    public void Dispose() => cursor.Dispose();
}

/// <summary>A run's own log through its own recipe, model and all: every metric must come out to the last bit.</summary>
/// <param name="recipe">The run's recipe.</param>
/// <param name="log">The run's store.</param>
/// <param name="metrics">The run's metrics; borrowed.</param>
/// <param name="selection">What is compared.</param>
/// <param name="show">Gets each selected rollout.</param>
internal sealed class ExactTraining(Recipe recipe, IRolloutLog log, LoggedMetrics metrics, ReplaySelection selection, Action<ReplayedRollout> show)
    : LoggedTraining(new LogCursor(log, LogContents.Everything), ExactReplay.LastStep(recipe, log, selection))
{
    private ExactSource? _source;
    private ExactRecorder? _recorder;

    /// <summary>What was compared; null before the run.</summary>
    public ReplayComparison? Comparison => _recorder?.Comparison;

    /// <inheritdoc/>
    public override IRolloutSource Source => _source ??= new ExactSource(Cursor);

    /// <inheritdoc/>
    public override IRunRecorder Around(IRunRecorder recorder) => _recorder = new ExactRecorder(recorder, Cursor, metrics, selection, show, progress: null);
}

/// <summary>Off-policy training on a log.</summary>
internal sealed class OffPolicyTraining : LoggedTraining
{
    private readonly Recipe _recipe;
    private readonly LogReplaySection _section;
    private readonly TokenizedLog _log;
    private readonly LoggedSource _source;
    private LoggedBudget? _budget;

    /// <summary>Checks that the recipe can learn from the log.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="log">The log.</param>
    /// <param name="random">The recipe's random streams.</param>
    /// <exception cref="RecipeException">It cannot: the key and the remedy.</exception>
    public OffPolicyTraining(Recipe recipe, TokenizedLog log, RandomStreams random)
        : base(new LogCursor(log, LogContents.Everything), log.Steps is { } steps ? Math.Min(steps.Count, recipe.Training.Steps) : recipe.Training.Steps)
    {
        (_recipe, _log, _section) = (recipe, log, recipe.Replay ?? new LogReplaySection());
        Check();
        _source = new LoggedSource(Cursor, random);
        if (log.Steps is not null)
        {
            Prompts = new LoggedPrompts(log, Cursor);
            return;
        }

        Cursor.MoveNext();
        var prompts = Cursor.Current!.Groups.Select(g => g.Group.Prompt).ToList();
        var set = new PromptSet("log", prompts.Select((p, i) => p with { Index = i }).ToList());
        if (recipe.Budget.PromptsPerStep > prompts.Count)
        {
            throw new RecipeException($"{recipe.Source}: budget.prompts_per_step = {recipe.Budget.PromptsPerStep}: {log.Path} has {prompts.Count} prompts that fit the model; lower it");
        }

        Prompts = new SparsePrompts(new PromptSampler(set, random), prompts);
    }

    /// <inheritdoc/>
    public override int? PromptSetSize => _log.PromptSetSize;

    /// <inheritdoc/>
    public override IRolloutSource Source => _source;

    /// <inheritdoc/>
    public override IPromptSource Prompts { get; }

    /// <inheritdoc/>
    public override IGrader? Grader => _section.Verdicts == LogVerdictsChoice.Logged ? _source : null;

    /// <summary>Rollouts left out because they exceed the model's context.</summary>
    public long LeftOut => _log.LeftOut;

    /// <summary>Rollouts that plans wanted and the log lacked, over all steps.</summary>
    public long Shortfall { get; private set; }

    /// <inheritdoc/>
    public override IBudgetAllocator Around(IBudgetAllocator allocator) => _budget = new LoggedBudget(allocator, Cursor);

    /// <inheritdoc/>
    public override IPolicyUpdater Around(IPolicyUpdater updater, DecoderModel model) =>
        new Counted(this, new LoggedUpdater(updater, model, Level(), _recipe.Rollout.Temperature, _section.MinEffectiveShare));

    private CorrectionLevel Level() => _recipe.Loss.Correction is { Level: not CorrectionLevel.None } correction ? correction.Level
        : _recipe.Loss.Policy.IsSequenceLevel ? CorrectionLevel.Geometric
        : CorrectionLevel.Token;

    private void Check()
    {
        ReplayParts.CheckAsksNothingAnew(_recipe);
        if (_section.Verdicts == LogVerdictsChoice.Verify && !_log.HasAnswers)
        {
            throw new RecipeException($"{_recipe.Source}: replay.verdicts = verify: {_log.Path} has no answers for a verifier to compare with; set it to logged");
        }

        if (!_log.HasLogProbs)
        {
            if (_section.MissingLogProbs == MissingLogProbsChoice.Refuse)
            {
                throw new RecipeException(
                    $"{_recipe.Source}: replay.missing_log_probs = refuse: {_log.Path} has no log-probabilities to correct against; "
                    + "set it to policy to learn without a ratio");
            }

            if (_recipe.Advantage.Novelty is not null)
            {
                throw new RecipeException($"{_recipe.Source}: advantage.novelty: needs log-probabilities, and {_log.Path} has none; leave it out");
            }

            return;
        }

        var corrects = _recipe.Loss.Correction is { Level: not CorrectionLevel.None }
            || (_recipe.Loss.OldLogProbs == OldLogProbsSource.Rollout && _recipe.Loss.Policy is not (GpgLossSection or ReinforceLossSection));
        if (!corrects)
        {
            throw new RecipeException(
                $"{_recipe.Source}: loss.correction: training on a log needs importance weights against its log-probabilities; "
                + "set loss.correction (level: token, max: 2), or loss.old_log_probs: rollout with a loss that clips its ratio");
        }
    }

    /// <summary>Adds what the log lacked to the step's metrics.</summary>
    private sealed class Counted(OffPolicyTraining training, IPolicyUpdater updater) : IPolicyUpdater
    {
        public long PolicyVersion => updater.PolicyVersion;

        public UpdateReport Update(IReadOnlyList<OptimizerBatch> batches)
        {
            var report = updater.Update(batches);
            var budget = training._budget!;
            training.Shortfall += budget.Shortfall;
            return report with { Metrics = [.. report.Metrics, new("replay/planned", budget.Planned), new("replay/shortfall", budget.Shortfall)] };
        }
    }

    /// <summary>Sampled from the prompts that have rollouts, each with the index it has in the log.</summary>
    private sealed class SparsePrompts(PromptSampler sampler, IReadOnlyList<Prompt> prompts) : IPromptSource
    {
        public int Count => prompts.Count;

        public PromptSamplerState State => sampler.State;

        public void Restore(PromptSamplerState state) => sampler.Restore(state);

        public IReadOnlyList<Prompt> Next(long step, int count) => [.. sampler.Next(step, count).Select(p => prompts[p.Index])];
    }
}
