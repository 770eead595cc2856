using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>Supervised fine-tuning of a session's policy, with an optimizer of its own.</summary>
internal sealed class SftStage : IDisposable
{
    private readonly RunSession _session;
    private readonly SftSection _section;
    private readonly Evaluator? _evaluator;
    private readonly IRunObserver _observer;
    private readonly SupervisedTrainer _trainer;

    public SftStage(RunSession session, SftSection section, Evaluator? evaluator, IRunObserver observer)
    {
        (_session, _section, _evaluator, _observer) = (session, section, evaluator, observer);
        Optimizer = new AdamW(session.Policy.Weights.Trainable, section.Optimizer);
        var demonstrations = session.Datasets.Demonstrations(section.Data);
        _trainer = new SupervisedTrainer(
            session.Policy.Model, demonstrations, Optimizer, new LearningRateSchedule(section.Optimizer, section.Steps), section);
    }

    /// <summary>The stage's optimizer.</summary>
    public AdamW Optimizer { get; }

    /// <summary>Takes the steps, one metrics row each.</summary>
    public SupervisedOutcome Execute(IMetricsLog metrics)
    {
        var loop = new SupervisedLoop(_trainer, _evaluator, _section.EvaluateEvery, metrics, _observer);
        return loop.Run(_section.Steps, _session.StopAfterStep);
    }

    /// <inheritdoc/>
    public void Dispose() => Optimizer.Dispose();
}
