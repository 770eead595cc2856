using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Models;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>Off-policy training on a log.</summary>
internal sealed class OffPolicyTraining : LoggedTraining
{
    private readonly Recipe _recipe;
    private readonly LogReplaySection _section;
    private readonly TokenizedLog _log;
    private readonly LoggedSource _source;
    private LoggedBudget? _budget;
    private long _shortfall;

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

    /// <inheritdoc/>
    public override IEnumerable<string> Remarks
    {
        get
        {
            if (_log.LeftOut > 0)
            {
                yield return $"{_log.LeftOut} logged rollouts exceed the model's context and were left out";
            }

            if (_shortfall > 0)
            {
                yield return $"the plans wanted {_shortfall} rollouts more than the log has; the metric replay/shortfall has them by step";
            }
        }
    }

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
        if (_recipe.Seeding is not null)
        {
            throw new RecipeException($"{_recipe.Source}: seeding: asks questions anew, and a log has its answers already; leave it out of a replay");
        }

        if (_recipe.Recompose.Stages.Contains(RecompositionStage.SelfExplanation))
        {
            throw new RecipeException($"{_recipe.Source}: recompose.stages: self_explanation asks questions anew, and a log has its answers already; leave it out of a replay");
        }

        if (_recipe.Advantage is RemaxAdvantageSection)
        {
            throw new RecipeException($"{_recipe.Source}: advantage.type = remax: samples a greedy answer to each prompt, and a log has its answers already; use rloo or opo");
        }

        if (_section.Verdicts == LogVerdictsChoice.Verify && !_log.HasAnswers)
        {
            throw new RecipeException($"{_recipe.Source}: replay.verdicts = verify: {_log.Path} has no answers for a verifier to compare with; set it to logged");
        }

        CheckLogProbs();
    }

    private void CheckLogProbs()
    {
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
            training._shortfall += budget.Shortfall;
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
