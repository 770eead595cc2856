using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// Evidence from models: the divergence of each rollout from the reference, which the recipe takes from its reward
/// (R − β·Σ_t kl(ℓ°_t, ρ_t), as TRL's RLOO and verl's outcome estimators do), and log-probabilities and squared
/// probabilities of its tokens under the current policy.
/// </summary>
/// <param name="policy">The current policy.</param>
/// <param name="reference">The reference; null where the reward keeps no divergence.</param>
/// <param name="loss">Names the divergence, and where ℓ° comes from: the engine, or the policy before its update.</param>
/// <param name="withSquares">Whether the estimator wants squared probabilities.</param>
public sealed class ScoredEvidence(ISequenceScorer policy, ISequenceScorer? reference, LossSection loss, bool withSquares) : IAdvantageEvidence
{
    /// <inheritdoc/>
    public (IReadOnlyList<GroupEvidence> Groups, IReadOnlyList<KeyValuePair<string, double>> Metrics) Of(IReadOnlyList<GradedGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        var rollouts = groups.SelectMany(g => g.Group.Rollouts.Select(r => (Prompt: r.SampledFrom ?? g.Group.Prompt, Rollout: r))).ToList();
        List<Continuation> sequences = [.. rollouts.Select(r => new Continuation(r.Prompt.TokenIds, r.Rollout.TokenIds))];
        var recomputes = loss.OldLogProbs == OldLogProbsSource.Recompute;
        var scores = withSquares || (reference is not null && recomputes) ? policy.Score(sequences, withSquares) : null;
        var divergences = reference?.Score(sequences).Select((s, i) => Divergence(recomputes ? scores![i].LogProbs : rollouts[i].Rollout.LogProbs, s.LogProbs)).ToList();
        var next = 0;
        var evidence = new List<GroupEvidence>(groups.Count);
        foreach (var group in groups)
        {
            var own = Enumerable.Range(next, group.Count).ToList();
            evidence.Add(new GroupEvidence
            {
                Penalties = divergences is null ? [] : [.. own.Select(i => loss.Kl.Coefficient * divergences[i])],
                LogProbs = withSquares ? [.. own.Select(i => Widened(scores![i].LogProbs))] : [],
                SquaredProbs = withSquares ? [.. own.Select(i => Widened(scores![i].SquaredProbs))] : [],
            });
            next += group.Count;
        }

        return (evidence, divergences is null ? [] : Metrics([.. rollouts.Select((r, i) => divergences[i] / Math.Max(1, r.Rollout.Length))]));
    }

    private double Divergence(float[] old, float[] reference)
    {
        var sum = 0.0;
        for (var t = 0; t < old.Length; t++)
        {
            sum += KlEstimators.Estimate(loss.Kl.Estimator, (double)old[t] - reference[t]).Value;
        }

        return sum;
    }

    private List<KeyValuePair<string, double>> Metrics(List<double> tokenMeans) =>
    [
        new("actor/reward_kl_penalty", tokenMeans.DefaultIfEmpty(0).Average()),
        new("actor/reward_kl_penalty_coeff", loss.Kl.Coefficient),
    ];

    private static double[] Widened(float[] values) => Array.ConvertAll(values, v => (double)v);
}
