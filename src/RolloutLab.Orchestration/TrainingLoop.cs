using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.Orchestration;

/// <summary>When the loop does what.</summary>
/// <param name="Steps">Training steps.</param>
/// <param name="PromptsPerStep">Prompts of each step.</param>
/// <param name="EvaluateEvery">Steps between evaluations; 0 evaluates only before the first and after the last step.</param>
/// <param name="CheckpointEvery">Steps between checkpoints; 0 writes one at the end only.</param>
/// <param name="CheckpointBest">Whether a new best evaluation is checkpointed too.</param>
/// <param name="Sampling">How training rollouts are drawn.</param>
public sealed record LoopSettings(long Steps, int PromptsPerStep, long EvaluateEvery, long CheckpointEvery, bool CheckpointBest, SamplingParameters Sampling);

/// <summary>
/// The training loop: prompts, budgets, rollouts, verdicts, advantages, recomposition, packing, update, report. It is
/// the same live, simulated and replayed: only source, verifier and updater differ. Without an evaluator, as where there is no
/// policy to evaluate, it measures training alone.
/// </summary>
public sealed class TrainingLoop(
    LoopSettings settings,
    IPromptSource prompts,
    RolloutPlanner planner,
    StepAdvantages advantages,
    SelfExplainer? explainer,
    BatchRecomposer recomposer,
    DynamicSampling? refill,
    IPolicyImprover improver,
    Evaluator? evaluator,
    ICheckpointWriter checkpoints,
    IRunRecorder recorder)
{
    private readonly PhaseClock _total = new();
    private LoopState _state = new() { Step = 0, PolicyVersion = 0 };

    /// <summary>
    /// Runs all steps, or those after a checkpoint. A stop request ends the run after the current step, with everything
    /// written; before the first step, when there is nothing to lose, at once with <see cref="OperationCanceledException"/>.
    /// </summary>
    /// <param name="stopAfterStep">The stop request.</param>
    /// <param name="from">
    /// Where an interrupted run stands; its policy, optimizer and parts have been restored. The finished run is then the one
    /// that was never interrupted.
    /// </param>
    /// <exception cref="NonFiniteException">
    /// A loss, gradient or logit was NaN or infinite: the step is refused, and the message names the last good checkpoint.
    /// </exception>
    /// <exception cref="CheckpointException">The state does not fit the prompts.</exception>
    public LoopOutcome Run(CancellationToken stopAfterStep, LoopState? from = null)
    {
        EvaluationReport? latest = null;
        if (from is null)
        {
            latest = Evaluate(0, stopAfterStep);
            _state = _state with { Initial = latest?.ToScore() ?? new PolicyScore() };
        }
        else
        {
            Restore(from);
        }

        var stopping = stopAfterStep.IsCancellationRequested;
        while (_state.Step < settings.Steps && !stopping)
        {
            var step = _state.Step + 1;
            var report = Guarded(step, () => Step(step));
            stopping = stopAfterStep.IsCancellationRequested;
            var last = step == settings.Steps;
            var evaluation = last || IsDue(step, settings.EvaluateEvery) ? Guarded(step, () => Evaluate(step, CancellationToken.None)) : null;
            latest = evaluation ?? latest;
            recorder.StepFinished(report, evaluation);
            if (last || stopping || IsDue(step, settings.CheckpointEvery) || (settings.CheckpointBest && _state.Best?.Step == step))
            {
                recorder.Flush();
                checkpoints.Write(_state);
            }
        }

        var finished = _state.Step == settings.Steps;
        if (finished && latest?.Step != _state.Step)
        {
            // Interrupted between its last step and its summary: only the measurement is missing.
            latest = Evaluate(_state.Step, stopAfterStep);
        }

        return new LoopOutcome(_state.Initial, latest?.Step == _state.Step ? latest : null, Interrupted: !finished, _state, _total);
    }

    private StepReport Step(long step)
    {
        var clock = new PhaseClock();
        var asked = new List<Prompt>();
        var (groups, statistics, planning, rounds) = RollOut(step, asked, clock);
        var (estimated, work) = advantages.Of(step, groups, settings.Sampling, clock);
        IReadOnlyList<Explanation> explanations = [];
        if (explainer is not null)
        {
            (explanations, var explaining) = explainer.Explain(step, groups, settings.Sampling, clock);
            work += explaining;
        }

        var recomposed = clock.Time(Phase.Advantage, () => recomposer.Recompose(step, groups, estimated, improver.PolicyVersion, explanations));
        var decisions = recomposed.Sampled;
        var update = improver.Improve(recomposed.All, clock);
        _total.Add(clock);
        Advance(step, decisions.Count + work.Rollouts, statistics.TokensGenerated + work.Statistics.TokensGenerated, update.TokensTrained);
        return new StepReport(step, groups, decisions, statistics, planning, update, clock)
        {
            Replayed = recomposed.Replayed, SamplingRounds = rounds, Beside = work, Prompts = asked, PromptSetSize = prompts.Count,
        };
    }

    /// <summary>
    /// The step's groups. Where groups without a gradient are to be replaced, other prompts are sampled until there are enough
    /// of the others, or the cap is reached: then the step is trained with what there is.
    /// </summary>
    private (IReadOnlyList<GradedGroup> Groups, RolloutStatistics Statistics, PlanningReport Planning, int Rounds) RollOut(
        long step, List<Prompt> asked, PhaseClock clock)
    {
        asked.AddRange(prompts.Next(step, settings.PromptsPerStep));
        var (groups, statistics, planning) = planner.RollOut(step, asked.ToList(), settings.Sampling, clock);
        var rounds = 1;
        while (refill is not null && rounds < refill.MaxRounds && refill.Missing(groups, settings.PromptsPerStep) is > 0 and var missing)
        {
            // The draws of a prompt are keyed by the step, so the same prompt again would give the same rollouts.
            var taken = groups.Select(g => g.Group.Prompt.Index).ToHashSet();
            var others = prompts.Next(step, missing).Where(p => !taken.Contains(p.Index)).ToList();
            if (others.Count == 0)
            {
                break;
            }

            asked.AddRange(others);
            var (more, cost, plan) = planner.RollOut(step, others, settings.Sampling, clock);
            (groups, statistics, planning, rounds) = ([.. groups, .. more], statistics + cost, planning.Then(plan), rounds + 1);
        }

        return (groups, statistics, planning, rounds);
    }

    private string LastGood => checkpoints.Newest is { } folder ? $"the last good checkpoint is {folder}" : "no checkpoint had been written yet";

    /// <summary>A diverged policy ends the run; what can be gone back to is named.</summary>
    private T Guarded<T>(long step, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (NonFiniteException exception)
        {
            throw new NonFiniteException($"step {step}: {exception.Message}; the step is refused, {LastGood}; lower optimizer.learning_rate", exception);
        }
        catch (OffPolicyException exception)
        {
            throw new OffPolicyException($"step {step}: {exception.Message}; the step is refused, {LastGood}", exception);
        }
    }

    private EvaluationReport? Evaluate(long step, CancellationToken cancellation)
    {
        if (evaluator is null)
        {
            return null;
        }

        var report = _total.Time(Phase.Eval, () => evaluator.Evaluate(step, recorder.Progress("evaluation", evaluator.TotalRollouts), cancellation));
        recorder.EvaluationFinished(report);
        if (step > 0 && report.PassAt1 > (_state.Best?.PassAt1 ?? double.NegativeInfinity))
        {
            _state = _state with { Best = new BestEvaluation(step, report.PassAt1) };
        }

        return report;
    }

    private void Restore(LoopState from)
    {
        prompts.Restore(new PromptSamplerState(from.PromptEpoch, from.PromptPosition, from.PromptsDeferred));
        _state = from;
    }

    private void Advance(long step, long rollouts, long tokensGenerated, long tokensTrained)
    {
        var (epoch, position, deferred) = prompts.State;
        _state = _state with
        {
            Step = step,
            PolicyVersion = improver.PolicyVersion,
            PromptEpoch = epoch,
            PromptPosition = position,
            PromptsDeferred = deferred,
            RolloutsTotal = _state.RolloutsTotal + rollouts,
            TokensGenerated = _state.TokensGenerated + tokensGenerated,
            TokensTrained = _state.TokensTrained + tokensTrained,
        };
    }

    private static bool IsDue(long step, long every) => every > 0 && step % every == 0;
}
