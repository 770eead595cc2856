using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// RoRecomp (arXiv 2509.25958). Priority batch: of the right rollouts the shortest, of the wrong ones the longest, a fraction
/// of each (at least one), per group or over the step, so that the gradient favours brevity without touching the reward. The
/// rest is deferred to a bounded buffer where its advantage is not 0 (<c>rorecomp_deferred</c>) and dropped where it is
/// (<c>rorecomp_idle</c>). Compensation batch: with a probability that falls over the run, as many rollouts as the priority
/// batch has, drawn from the buffer without replacement (<c>rorecomp_compensation</c>), keep the policy stable. Replayed
/// rollouts keep their behaviour log-probabilities, so their ratio is taken against the policy that sampled them; those
/// older than the bound leave unused. The paper's fractions and schedule could not be read first-hand: the defaults are ours.
/// </summary>
public sealed class Rorecomp(RorecompSection section) : IRecompositionStage, IStateful
{
    private readonly RolloutBuffer _buffer = new(section.Capacity);

    /// <inheritdoc/>
    public string StateName => "recompose-rorecomp.json";

    /// <summary>Rollouts in the buffer.</summary>
    public int Buffered => _buffer.Count;

    /// <inheritdoc/>
    public void Apply(RecompositionStep step)
    {
        _buffer.RemoveWhere(k => step.PolicyVersion - k.Decision.Rollout.PolicyVersion > section.MaxPolicyAge);
        var priority = 0;
        var deferred = new List<KeptRollout>();
        var groups = section.Scope == RecompositionScope.Group ? step.KeptGroups() : [[.. step.KeptGroups().SelectMany(g => g)]];
        foreach (var group in groups.ToList())
        {
            foreach (var ranked in Ranked(step.Sampled, group))
            {
                var kept = (int)Math.Ceiling(section.PriorityFraction * ranked.Count);
                priority += kept;
                deferred.AddRange(ranked.Skip(kept).Where(i => Defer(step, i)).Select(i => new KeptRollout(step.Sampled[i], step.Step)));
                foreach (var i in ranked.Take(kept))
                {
                    step.Decide(i, RolloutFate.Kept, "rorecomp_priority");
                }
            }
        }

        Compensate(step, priority);
        _buffer.Add(deferred);
    }

    /// <inheritdoc/>
    public void SaveState(Stream to) => StateNodes.Write(_buffer.Save(), to);

    /// <inheritdoc/>
    public void LoadState(Stream from) => StateNodes.Read(from, StateName, _buffer.Load);

    /// <summary>Right rollouts, shortest first, and wrong ones, longest first; equal lengths in their order.</summary>
    private static IEnumerable<List<int>> Ranked(IReadOnlyList<RolloutDecision> decisions, List<int> group) =>
    [
        [.. group.Where(i => decisions[i].Verdict.IsCorrect).OrderBy(i => decisions[i].Rollout.Length)],
        [.. group.Where(i => !decisions[i].Verdict.IsCorrect).OrderByDescending(i => decisions[i].Rollout.Length)],
    ];

    private static bool Defer(RecompositionStep step, int index)
    {
        var hasGradient = step.Sampled[index].Advantage != 0;
        step.Decide(index, hasGradient ? RolloutFate.Deferred : RolloutFate.Dropped, hasGradient ? "rorecomp_deferred" : "rorecomp_idle");
        return hasGradient;
    }

    private void Compensate(RecompositionStep step, int count)
    {
        var random = step.Random(RecompositionStageId.Rorecomp);
        if (random.Uniform(-1) >= Probability(step.Progress))
        {
            return;
        }

        foreach (var kept in _buffer.Take(count, random))
        {
            step.Replay(kept.Decision, "rorecomp_compensation");
        }
    }

    private double Probability(double progress)
    {
        var share = section.Schedule switch
        {
            ProbabilitySchedule.Linear => progress,
            ProbabilitySchedule.Cosine => (1 - Math.Cos(Math.PI * progress)) / 2,
            _ => 0,
        };
        return section.StartProbability + (share * (section.EndProbability - section.StartProbability));
    }
}
