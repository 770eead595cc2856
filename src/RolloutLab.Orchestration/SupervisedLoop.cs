using System.Diagnostics;
using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Orchestration;

/// <summary>How supervised fine-tuning ended.</summary>
/// <param name="Steps">Steps taken.</param>
/// <param name="TokensTrained">Tokens that went through forward and backward.</param>
/// <param name="FirstLoss">Loss of the first step; null when there was none.</param>
/// <param name="LastLoss">Loss of the last step; null when there was none.</param>
/// <param name="Final">Evaluation after the last step; null when interrupted or without evaluation prompts.</param>
/// <param name="Seconds">Wall time of steps and evaluations.</param>
/// <param name="Interrupted">Whether it ended before its last step.</param>
public sealed record SupervisedOutcome(
    long Steps, long TokensTrained, double? FirstLoss, double? LastLoss, EvaluationReport? Final, PhaseClock Seconds, bool Interrupted);

/// <summary>The loop of supervised fine-tuning: step, report, evaluate now and then.</summary>
/// <param name="trainer">Takes the steps.</param>
/// <param name="evaluator">Evaluates the policy; null when the recipe names no evaluation prompts.</param>
/// <param name="evaluateEvery">Steps between evaluations; 0 evaluates after the last only.</param>
/// <param name="metrics">Gets one row a step; borrowed.</param>
/// <param name="observer">Who watches.</param>
public sealed class SupervisedLoop(
    ISupervisedTrainer trainer, Evaluator? evaluator, long evaluateEvery, IMetricsLog metrics, IRunObserver observer)
{
    private readonly PhaseClock _clock = new();

    /// <summary>Takes the steps; a stop request ends it after the current one.</summary>
    public SupervisedOutcome Run(long steps, CancellationToken stopAfterStep)
    {
        SupervisedStep? first = null, last = null;
        EvaluationReport? evaluation = null;
        var tokens = 0L;
        var step = 0L;
        while (step < steps && !stopAfterStep.IsCancellationRequested)
        {
            step++;
            var started = Stopwatch.GetTimestamp();
            var taken = _clock.Time(Phase.Update, () => trainer.Step(step));
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            (first, last, tokens) = (first ?? taken, taken, tokens + taken.Tokens);
            evaluation = IsDue(step, steps) ? Evaluate(step) : null;
            metrics.Append(step, [.. Rows(taken, seconds), .. evaluation?.Metrics() ?? []]);
            observer.StepFinished(new StepProgress { Step = step, Seconds = seconds, TokensPerSecond = taken.Tokens / Math.Max(seconds, 1e-9), Loss = taken.Loss });
        }

        return new SupervisedOutcome(step, tokens, first?.Loss, last?.Loss, evaluation, _clock, Interrupted: step < steps);
    }

    private bool IsDue(long step, long steps) => step == steps || (evaluateEvery > 0 && step % evaluateEvery == 0);

    private EvaluationReport? Evaluate(long step)
    {
        if (evaluator is null)
        {
            return null;
        }

        var progress = new PhaseProgress(observer, "evaluation", evaluator.TotalRollouts);
        var report = _clock.Time(Phase.Eval, () => evaluator.Evaluate(step, progress, CancellationToken.None));
        observer.EvaluationFinished(report.ToResult());
        return report;
    }

    private static IEnumerable<KeyValuePair<string, double>> Rows(SupervisedStep step, double seconds)
    {
        yield return new("sft/loss", step.Loss);
        yield return new("sft/entropy", step.Entropy);
        yield return new("sft/grad_norm", step.GradNorm);
        yield return new("sft/lr", step.LearningRate);
        yield return new("sft/tokens", step.Tokens);
        yield return new("timing_s/step", seconds);
        yield return new("perf/throughput", step.Tokens / Math.Max(seconds, 1e-9));
    }
}
