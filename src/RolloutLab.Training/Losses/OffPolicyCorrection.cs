using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// Importance weights between engine and trainer, from D = ℓ_train − μ (verl's rollout correction). Token:
/// w = exp(clamp(D, ±20)); sequence: of ΣD; geometric: of the mean of D. Out of [min, max] a weight becomes the bound
/// (truncate) or 0 (mask); then, on request, all are divided by their mean over the optimizer step.
/// </summary>
internal static class OffPolicyCorrection
{
    private const double LogBound = 20;

    /// <summary>Multiplies each token's factor by its weight.</summary>
    /// <param name="section">Level and bounds.</param>
    /// <param name="trainer">ℓ_train, <c>[M]</c>.</param>
    /// <param name="rollout">μ, <c>[M]</c>.</param>
    /// <param name="cuSeqLens">Boundaries of the sequences.</param>
    /// <param name="factors">The factors, <c>[M]</c>.</param>
    /// <param name="metrics">Gets mean, bounds, deviation and effective sample size of the weights.</param>
    public static void Apply(
        CorrectionSection section, ReadOnlySpan<double> trainer, ReadOnlySpan<double> rollout, ReadOnlySpan<int> cuSeqLens, Span<double> factors, MetricSums metrics)
    {
        if (section.Level == CorrectionLevel.None || factors.IsEmpty)
        {
            return;
        }

        Span<double> weights = new double[factors.Length];
        for (var s = 0; s < cuSeqLens.Length - 1; s++)
        {
            var range = cuSeqLens[s]..cuSeqLens[s + 1];
            Fill(section, trainer[range], rollout[range], weights[range]);
        }

        var scale = section.Normalize ? Scale(section.Level, weights, cuSeqLens) : 1;
        double sum = 0, squares = 0, outside = 0, largest = 0, smallest = double.PositiveInfinity;
        for (var t = 0; t < weights.Length; t++)
        {
            var weight = weights[t] * scale;
            factors[t] *= weight;
            (sum, squares) = (sum + weight, squares + (weight * weight));
            outside += weights[t] <= section.Min || weights[t] >= section.Max ? 1 : 0;
            (largest, smallest) = (Math.Max(largest, weight), Math.Min(smallest, weight));
        }

        metrics.AddSum("rollout_corr/rollout_is_mean", sum, weights.Length);
        metrics.AddMax("rollout_corr/rollout_is_max", largest);
        metrics.AddMin("rollout_corr/rollout_is_min", smallest);
        metrics.AddDeviation("rollout_corr/rollout_is_std", sum, squares, weights.Length);
        metrics.AddEffectiveShare("rollout_corr/rollout_is_eff_sample_size", sum, squares, weights.Length);
        metrics.AddSum("rollout_corr/rollout_is_bounded", outside, weights.Length);
    }

    private static void Fill(CorrectionSection section, ReadOnlySpan<double> trainer, ReadOnlySpan<double> rollout, Span<double> weights)
    {
        var sum = 0.0;
        for (var t = 0; t < weights.Length; t++)
        {
            sum += trainer[t] - rollout[t];
        }

        for (var t = 0; t < weights.Length; t++)
        {
            var log = section.Level switch
            {
                CorrectionLevel.Token => trainer[t] - rollout[t],
                CorrectionLevel.Sequence => sum,
                _ => sum / weights.Length,
            };
            weights[t] = Bounded(section, Math.Exp(Math.Clamp(log, -LogBound, LogBound)));
        }
    }

    private static double Bounded(CorrectionSection section, double weight) =>
        section.Bound == CorrectionBound.Truncate ? Math.Clamp(weight, section.Min, section.Max)
        : weight >= section.Min && weight <= section.Max ? weight
        : 0;

    /// <summary>1 / mean: over tokens, or over sequences where a sequence has one weight.</summary>
    private static double Scale(CorrectionLevel level, ReadOnlySpan<double> weights, ReadOnlySpan<int> cuSeqLens)
    {
        double sum = 0, count = 0;
        for (var s = 0; s < cuSeqLens.Length - 1; s++)
        {
            var sequence = weights[cuSeqLens[s]..cuSeqLens[s + 1]];
            for (var t = 0; t < (level == CorrectionLevel.Token ? sequence.Length : Math.Min(1, sequence.Length)); t++)
            {
                (sum, count) = (sum + sequence[t], count + 1);
            }
        }

        return sum > 0 ? count / sum : 1;
    }
}
