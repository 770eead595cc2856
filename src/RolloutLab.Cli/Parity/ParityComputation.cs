using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>Advantages, loss and gradient of a parity batch, by the code that trains, in float64.</summary>
/// <param name="path">The batch's file, for messages.</param>
/// <param name="rollouts">The batch.</param>
/// <param name="sections">Estimator and loss.</param>
/// <param name="rewardWeights">Weight of each part of a reward; empty for 1 each.</param>
internal sealed class ParityComputation(
    string path, IReadOnlyList<ParityRollout> rollouts, ObjectiveSections sections, IReadOnlyList<double> rewardWeights)
{
    private const ulong Seed = 1;

    /// <exception cref="DataException">The batch lacks something the recipe's options need, or the loss is not finite.</exception>
    public ParityResult Run()
    {
        var needs = new ParityRequirements(path, rollouts);
        needs.Check(sections);
        var (advantages, tokenAdvantages) = Advantages();
        var metrics = new MetricSums();
        var tokens = new ParityTokens(rollouts, sections.Loss, advantages, tokenAdvantages);
        var gradient = new double[tokens.Count];
        var objective = new PolicyObjective(Strategies.Loss(sections.Loss.Policy, new RandomStreams(Seed)), sections.Loss);
        var loss = objective.Evaluate(tokens.Inputs(), gradient, [], metrics);
        if (!double.IsFinite(loss) || gradient.Any(g => !double.IsFinite(g)))
        {
            throw new DataException($"{path}: the loss is {loss}, or its gradient is not finite; check log-probs and rewards for extreme values");
        }

        return new ParityResult(rollouts, advantages, Padded(tokenAdvantages), loss, tokens.ByRollout(gradient), [.. metrics.Rows()]);
    }

    private (double[] Rollouts, double[][]? Tokens) Advantages()
    {
        var groups = rollouts.Select((r, i) => (Rollout: r, Index: i)).GroupBy(x => x.Rollout.Group, StringComparer.Ordinal).Select(g => g.ToList()).ToList();
        var estimated = Strategies.Advantages(sections.Advantage).Estimate([.. groups.Select(g => Group([.. g.Select(x => x.Rollout)]))]);
        var advantages = new double[rollouts.Count];
        var tokens = estimated.Any(e => e.Tokens is not null) ? new double[rollouts.Count][] : null;
        for (var g = 0; g < groups.Count; g++)
        {
            var values = Sharpened([.. groups[g].Select(x => x.Rollout)], estimated[g].Rollouts);
            for (var i = 0; i < values.Length; i++)
            {
                var (rollout, index) = groups[g][i];
                advantages[index] = rollout.Advantage ?? values[i];
                if (tokens is not null)
                {
                    tokens[index] = rollout.Advantage is { } given
                        ? [.. Enumerable.Repeat(given, rollout.Length)]
                        : Array.ConvertAll(estimated[g].Tokens![i], a => a + values[i] - estimated[g].Rollouts[i]);
                }
            }
        }

        return (advantages, tokens);
    }

    private double[] Sharpened(List<ParityRollout> group, double[] advantages) => sections.Advantage.Novelty is not { } novelty
        ? advantages
        : new NoveltySharpening(novelty).Sharpen(
            advantages,
            [.. group.Select(r => r.Length == 0 ? double.NaN : ParityTokens.Trained(r, r.RolloutLogProbs ?? r.OldLogProbs ?? r.LogProbs).ToArray().Average())],
            [.. group.Select(r => r.IsCorrect ?? r.Reward > 0)]);

    private RewardGroup Group(List<ParityRollout> group)
    {
        var parts = group.Max(r => r.Rewards.Length);
        return new RewardGroup
        {
            Key = group[0].Group,
            Rewards = [.. group.Select(r => r.Reward - DivergencePenalty(r))],
            Lengths = [.. group.Select(r => r.Length)],
            Components = [.. Enumerable.Range(0, parts).Select(k => group.Select(r => k < r.Rewards.Length ? r.Rewards[k] : double.NaN).ToArray())],
            ComponentWeights = rewardWeights.Count > 0 ? [.. rewardWeights] : [.. Enumerable.Repeat(1.0, parts)],
            Baselines = group.Exists(r => r.Baseline is not null) ? [.. group.Select(r => r.Baseline ?? double.NaN)] : [],
            Agents = [.. group.Select(r => r.Agent)],
            Paths = group.TrueForAll(r => r.Path is not null) ? [.. group.Select(r => r.Path!)] : [],
            LogProbs = [.. group.Select(r => ParityTokens.Trained(r, r.OldLogProbs ?? r.LogProbs).ToArray())],
            SquaredProbs = group.TrueForAll(r => r.SquaredProbs is not null)
                ? [.. group.Select(r => ParityTokens.Trained(r, r.SquaredProbs!).ToArray())]
                : [],
        };
    }

    /// <summary>The divergence of the old policy from the reference that the recipe takes from the reward.</summary>
    private double DivergencePenalty(ParityRollout rollout)
    {
        var kl = sections.Loss.Kl;
        if (kl.Coefficient == 0 || kl.Placement != KlPlacement.Reward)
        {
            return 0;
        }

        var old = ParityTokens.Trained(rollout, ParityTokens.Old(rollout));
        var reference = ParityTokens.Trained(rollout, rollout.RefLogProbs!);
        var sum = 0.0;
        for (var t = 0; t < old.Length; t++)
        {
            sum += KlEstimators.Estimate(kl.Estimator, old[t] - reference[t]).Value;
        }

        return kl.Coefficient * sum;
    }

    private double[][]? Padded(double[][]? tokens) => tokens?.Select((t, i) =>
    {
        var padded = new double[rollouts[i].LogProbs.Length];
        t.CopyTo(padded, rollouts[i].First);
        return padded;
    }).ToArray();
}
