using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>
/// One rule of recomposition. Stages act one after the other on the same list; advantages were computed on whole groups
/// before, so no stage shifts a baseline. A stage that keeps rollouts for later steps also implements
/// <see cref="IStateful"/>, and its buffer is bounded.
/// </summary>
public interface IRecompositionStage
{
    /// <summary>Changes the fates of the step's rollouts and adds rollouts of earlier steps.</summary>
    void Apply(RecompositionStep step);
}

/// <summary>A step's decisions while stages act on them.</summary>
/// <param name="step">The training step, from 1.</param>
/// <param name="totalSteps">Steps of the whole run.</param>
/// <param name="policyVersion">The version about to be updated.</param>
/// <param name="random">The run's random streams.</param>
/// <param name="sampled">One decision for each rollout of the step, by groups.</param>
/// <param name="explanations">What was written for unsolved prompts with their answers in view.</param>
public sealed class RecompositionStep(
    long step, long totalSteps, long policyVersion, RandomStreams random, List<RolloutDecision> sampled, IReadOnlyList<Explanation> explanations)
{
    private readonly List<RolloutDecision> _replayed = [];

    /// <summary>The training step, from 1.</summary>
    public long Step => step;

    /// <summary>How much of the run lies behind, from 0 in the first step to 1 in the last.</summary>
    public double Progress => totalSteps > 1 ? (step - 1.0) / (totalSteps - 1) : 0;

    /// <summary>The version about to be updated.</summary>
    public long PolicyVersion => policyVersion;

    /// <summary>The step's own rollouts.</summary>
    public IReadOnlyList<RolloutDecision> Sampled => sampled;

    /// <summary>What was written for unsolved prompts with their answers in view.</summary>
    public IReadOnlyList<Explanation> Explanations => explanations;

    /// <summary>Rollouts of earlier steps that are trained in this one, and rollouts made beside its plan.</summary>
    public IReadOnlyList<RolloutDecision> Replayed => _replayed;

    /// <summary>A stage's random draws in this step.</summary>
    public RandomStream Random(RecompositionStageId stage) => random.Stream(StreamPurpose.Recomposition, step, (long)stage);

    /// <summary>Changes what happens to a rollout of the step.</summary>
    public void Decide(int index, RolloutFate fate, string reason) => sampled[index] = sampled[index] with { Fate = fate, Reason = reason };

    /// <summary>Adds a rollout of an earlier step, its age taken from the policy that sampled it.</summary>
    public void Replay(RolloutDecision decision, string reason) => _replayed.Add(decision with
    {
        Fate = RolloutFate.Replayed, Reason = reason, PolicyAge = policyVersion - decision.Rollout.PolicyVersion,
    });

    /// <summary>Adds a rollout made beside the step's plan, trained or not.</summary>
    public void Add(RolloutDecision decision) => _replayed.Add(decision);

    /// <summary>Indices of the rollouts that are still trained, by group (prompt), groups in their order.</summary>
    public IEnumerable<List<int>> KeptGroups() =>
        Enumerable.Range(0, sampled.Count).Where(i => sampled[i].IsTrained).GroupBy(i => sampled[i].Prompt.Index).Select(g => g.ToList());
}

/// <summary>Keys the random draws of the stages.</summary>
public enum RecompositionStageId
{
    /// <summary>RoRecomp.</summary>
    Rorecomp = 1,

    /// <summary>Replay of informative groups.</summary>
    Replay = 2,
}
