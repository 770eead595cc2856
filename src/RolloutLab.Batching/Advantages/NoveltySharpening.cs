using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Novelty sharpening (XRPO, arXiv 2510.06672), a transform of advantages: with s = mean behaviour log-probability of a
/// rollout's tokens and η = exp(s − mean of s over the group), a right rollout of positive advantage gets
/// A + min(max(λ(1 − η), 0), κ·A): at most κ of its own advantage, and nothing where it is likelier than its group.
/// </summary>
public sealed class NoveltySharpening(NoveltySection section)
{
    /// <summary>The sharpened advantages of a group.</summary>
    /// <param name="advantages">Advantages, <c>[n]</c>.</param>
    /// <param name="scores">Mean log-probability a token of each rollout, <c>[n]</c>; NaN for one without tokens.</param>
    /// <param name="correct">Which rollouts are right, <c>[n]</c>.</param>
    public double[] Sharpen(IReadOnlyList<double> advantages, IReadOnlyList<double> scores, IReadOnlyList<bool> correct)
    {
        var mean = GroupStatistics.Of(scores).Mean;
        return [.. advantages.Select((a, i) => a + (correct[i] && a > 0 ? Bonus(a, scores[i] - mean) : 0))];
    }

    private double Bonus(double advantage, double difference) => double.IsNaN(difference)
        ? 0
        : Math.Min(Math.Max(section.Gain * (1 - Math.Exp(difference)), 0), section.Cap * advantage);
}
