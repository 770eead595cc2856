using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.Orchestration;

/// <summary>When the loop does what.</summary>
/// <param name="Steps">Training steps.</param>
/// <param name="PromptsPerStep">Prompts of each step.</param>
/// <param name="EvaluateEvery">Steps between evaluations; 0 evaluates only before the first and after the last step.</param>
/// <param name="CheckpointEvery">Steps between checkpoints; 0 writes one at the end only.</param>
/// <param name="Sampling">How training rollouts are drawn.</param>
public sealed record LoopSettings(long Steps, int PromptsPerStep, long EvaluateEvery, long CheckpointEvery, SamplingParameters Sampling);

/// <summary>
/// The training loop: prompts, budgets, rollouts, verdicts, advantages, recomposition, packing, update, report. It is
/// the same live, simulated and replayed: only source, verifier and updater differ.
/// </summary>
public sealed class TrainingLoop(
    LoopSettings settings,
    PromptSampler prompts,
    IBudgetAllocator allocator,
    IRolloutSource source,
    Grader grader,
    SharpenedAdvantages advantages,
    OptimizerBatchBuilder batches,
    IPolicyUpdater updater,
    Evaluator evaluator,
    ICheckpointWriter checkpoints,
    RunRecorder recorder)
{
    private readonly PhaseClock _total = new();
    private long _rolloutsTotal;
    private long _tokensGenerated;
    private long _tokensTrained;

    /// <summary>
    /// Runs all steps. A stop request ends the run after the current step, with everything written; before the first
    /// step, when there is nothing to lose, at once with <see cref="OperationCanceledException"/>.
    /// </summary>
    /// <exception cref="NonFiniteException">
    /// A loss, gradient or logit was NaN or infinite: the step is refused, and the message names the last good checkpoint.
    /// </exception>
    public LoopOutcome Run(CancellationToken stopAfterStep)
    {
        var initial = Evaluate(0, stopAfterStep);
        var latest = initial;
        var step = 0L;
        var stopping = stopAfterStep.IsCancellationRequested;
        while (step < settings.Steps && !stopping)
        {
            step++;
            var report = Guarded(step, () => Step(step));
            stopping = stopAfterStep.IsCancellationRequested;
            var last = step == settings.Steps;
            if (last || (IsDue(step, settings.EvaluateEvery) && !stopping))
            {
                latest = Guarded(step, () => Evaluate(step, CancellationToken.None));
            }

            recorder.StepFinished(report, latest.Step == step ? latest : null);
            if (last || stopping || IsDue(step, settings.CheckpointEvery))
            {
                checkpoints.Write(State(step));
            }
        }

        return new LoopOutcome(
            initial, latest.Step == step ? latest : null, Interrupted: step < settings.Steps, State(step), _total);
    }

    private StepReport Step(long step)
    {
        var clock = new PhaseClock();
        var (groups, statistics) = RollOut(step, clock);
        var decisions = clock.Time(Phase.Advantage, () => BatchRecomposer.Recompose(groups, advantages.Of(groups), updater.PolicyVersion));
        var packed = clock.Time(Phase.Advantage, () => batches.Build(decisions));
        var update = clock.Time(Phase.Update, () => updater.Update(packed));
        _total.Add(clock);
        _rolloutsTotal += decisions.Count;
        _tokensGenerated += statistics.TokensGenerated;
        _tokensTrained += update.TokensTrained;
        return new StepReport(step, groups, decisions, statistics, update, clock);
    }

    /// <summary>Asks the allocator for round after round until it has no more, so that later rounds know what earlier ones showed.</summary>
    private (IReadOnlyList<GradedGroup> Groups, RolloutStatistics Statistics) RollOut(long step, PhaseClock clock)
    {
        var chosen = prompts.Next(settings.PromptsPerStep);
        var merged = new GroupMerger(chosen);
        var statistics = new RolloutStatistics(0, 0, 0, 0);
        for (var round = 0; ; round++)
        {
            var plan = allocator.NextRound(new BudgetRequest(step, round, chosen, merged.Groups));
            if (plan.Budgets.Count == 0)
            {
                return (merged.Groups, statistics);
            }

            var request = new RolloutRequest(step, RolloutPurpose.Training, plan.Budgets, settings.Sampling);
            var result = clock.Time(Phase.Rollout, () => source.Generate(request, recorder.Progress("rollout", plan.TotalRollouts), CancellationToken.None));
            merged.Add(clock.Time(Phase.Verify, () => result.Groups.Select(grader.Grade).ToList()));
            statistics += result.Statistics;
        }
    }

    /// <summary>A diverged policy ends the run; what can be gone back to is named.</summary>
    private T Guarded<T>(long step, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (NonFiniteException exception)
        {
            var remedy = checkpoints.Newest is { } folder ? $"the last good checkpoint is {folder}" : "no checkpoint had been written yet";
            throw new NonFiniteException($"step {step}: {exception.Message}; the step is refused, {remedy}; lower optimizer.learning_rate", exception);
        }
    }

    private EvaluationReport Evaluate(long step, CancellationToken cancellation)
    {
        var report = _total.Time(Phase.Eval, () => evaluator.Evaluate(step, recorder.Progress("evaluation", evaluator.TotalRollouts), cancellation));
        recorder.EvaluationFinished(report);
        return report;
    }

    private LoopState State(long step)
    {
        var (epoch, position, deferred) = prompts.State;
        return new LoopState(step, updater.PolicyVersion, epoch, position, deferred, _rolloutsTotal, _tokensGenerated, _tokensTrained);
    }

    private static bool IsDue(long step, long every) => every > 0 && step % every == 0;
}
