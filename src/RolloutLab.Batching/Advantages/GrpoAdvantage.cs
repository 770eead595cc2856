using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Group-relative advantages (GRPO, arXiv 2402.03300): A = (R − mean) / (std + ε) inside each group, with the unbiased
/// standard deviation (N − 1). <c>normalize: none</c> leaves the division out (Dr. GRPO, arXiv 2503.20783);
/// <c>batch_std</c> divides by the standard deviation over all rewards of the step. Rollouts without a reward (NaN)
/// get 0 and leave mean and deviation. A group with one reward gets 0 (<c>singleton: zero</c>) or its reward
/// (<c>singleton: reward</c>, as verl does).
/// </summary>
public sealed class GrpoAdvantage(GrpoAdvantageSection section) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public IReadOnlyList<float[]> Estimate(IReadOnlyList<GradedGroup> groups)
    {
        var batchStd = section.Normalize == AdvantageNormalization.BatchStd ? Spread.Of(groups.SelectMany(g => g.Verdicts)).Std : 1.0;
        var result = new float[groups.Count][];
        for (var i = 0; i < groups.Count; i++)
        {
            result[i] = EstimateGroup(groups[i].Verdicts, batchStd);
        }

        return result;
    }

    private float[] EstimateGroup(IReadOnlyList<Verdict> verdicts, double batchStd)
    {
        var advantages = new float[verdicts.Count];
        var spread = Spread.Of(verdicts);
        var divisor = section.Normalize switch
        {
            AdvantageNormalization.GroupStd => spread.Std + section.Epsilon,
            AdvantageNormalization.BatchStd => batchStd + section.Epsilon,
            _ => 1.0,
        };
        for (var j = 0; j < advantages.Length; j++)
        {
            var reward = verdicts[j].Reward;
            advantages[j] = float.IsNaN(reward) ? 0f
                : spread.Count > 1 ? (float)((reward - spread.Mean) / divisor)
                : section.Singleton == SingletonAdvantage.Reward ? reward : 0f;
        }

        return advantages;
    }

    /// <summary>Mean and unbiased standard deviation of the rewards that exist; exactly 0 for equal rewards.</summary>
    private readonly record struct Spread(int Count, double Mean, double Std)
    {
        public static Spread Of(IEnumerable<Verdict> verdicts)
        {
            var count = 0;
            double mean = 0, squares = 0;
            foreach (var verdict in verdicts)
            {
                if (float.IsNaN(verdict.Reward))
                {
                    continue;
                }

                // Welford: equal rewards leave both corrections exactly 0, so an uninformative group has no gradient at all.
                count++;
                var delta = verdict.Reward - mean;
                mean += delta / count;
                squares += delta * (verdict.Reward - mean);
            }

            return new Spread(count, mean, count > 1 ? Math.Sqrt(squares / (count - 1)) : 0);
        }
    }
}
