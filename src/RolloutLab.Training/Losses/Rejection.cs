using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// Leaves tokens or sequences out of the loss and of its denominators where engine and trainer disagree too much (verl's
/// rejection sampling); see <see cref="RejectionSection"/> for the statistics. Needs the whole optimizer step.
/// </summary>
internal static class Rejection
{
    private const double LogBound = 20;

    /// <summary>Which tokens stay, <c>[M]</c>: those that pass every criterion.</summary>
    public static bool[] Keep(
        IReadOnlyList<RejectionSection> criteria, ReadOnlySpan<double> trainer, ReadOnlySpan<double> rollout, ReadOnlySpan<int> cuSeqLens)
    {
        var keep = new bool[trainer.Length];
        Array.Fill(keep, true);
        foreach (var criterion in criteria)
        {
            var passed = Keep(criterion, trainer, rollout, cuSeqLens);
            for (var t = 0; t < keep.Length; t++)
            {
                keep[t] &= passed[t];
            }
        }

        return keep;
    }

    private static bool[] Keep(RejectionSection section, ReadOnlySpan<double> trainer, ReadOnlySpan<double> rollout, ReadOnlySpan<int> cuSeqLens)
    {
        var keep = new bool[trainer.Length];
        for (var s = 0; s < cuSeqLens.Length - 1; s++)
        {
            var (first, end) = (cuSeqLens[s], cuSeqLens[s + 1]);
            double sum = 0, max = double.NegativeInfinity;
            for (var t = first; t < end; t++)
            {
                var value = Statistic(section.Estimator, trainer[t] - rollout[t]);
                keep[t] = IsInside(section, value);
                (sum, max) = (sum + value, Math.Max(max, value));
            }

            if (section.Level != RejectionLevel.Token)
            {
                var value = section.Level switch
                {
                    RejectionLevel.SeqSum => sum,
                    RejectionLevel.SeqMean => sum / Math.Max(1, end - first),
                    _ => max,
                };
                keep.AsSpan(first, end - first).Fill(IsInside(section, value));
            }
        }

        return keep;
    }

    /// <summary>The weights with the denominators of the tokens that stay, and 0 for the others, <c>[M]</c>.</summary>
    /// <param name="loss">Names the aggregation.</param>
    /// <param name="weights">Weights with the denominators of all tokens.</param>
    /// <param name="keep">Which tokens stay.</param>
    /// <param name="cuSeqLens">Boundaries of the sequences.</param>
    public static double[] Reweigh(LossSection loss, ReadOnlySpan<double> weights, bool[] keep, ReadOnlySpan<int> cuSeqLens)
    {
        var result = new double[weights.Length];
        var kept = new int[cuSeqLens.Length - 1];
        for (var s = 0; s < kept.Length; s++)
        {
            kept[s] = keep.AsSpan(cuSeqLens[s]..cuSeqLens[s + 1]).Count(true);
        }

        var tokens = (double)weights.Length / Math.Max(1, kept.Sum(n => (long)n));
        var sequences = loss.EmptySequences == EmptySequences.Count ? 1 : NonEmpty(cuSeqLens) / Math.Max(1.0, kept.Count(n => n > 0));
        for (var s = 0; s < kept.Length; s++)
        {
            var (first, end) = (cuSeqLens[s], cuSeqLens[s + 1]);
            var factor = loss.Aggregation switch
            {
                LossAggregation.TokenMean => tokens,
                LossAggregation.TokenSum => 1,
                LossAggregation.SeqMeanTokenMean => sequences * (end - first) / Math.Max(1, kept[s]),
                _ => sequences,
            };
            for (var t = first; t < end; t++)
            {
                result[t] = keep[t] ? weights[t] * factor : 0;
            }
        }

        return result;
    }

    private static double NonEmpty(ReadOnlySpan<int> cuSeqLens)
    {
        var count = 0;
        for (var s = 0; s < cuSeqLens.Length - 1; s++)
        {
            count += cuSeqLens[s + 1] > cuSeqLens[s] ? 1 : 0;
        }

        return count;
    }

    private static double Statistic(KlEstimator estimator, double difference)
    {
        var d = Math.Clamp(difference, -LogBound, LogBound);
        return estimator switch
        {
            KlEstimator.K1 => -d,
            KlEstimator.K2 => d * d / 2,
            _ => Math.Exp(d) - 1 - d,
        };
    }

    private static bool IsInside(RejectionSection section, double value)
    {
        if (section.Estimator != KlEstimator.K1)
        {
            return value <= section.High;
        }

        var low = section.Low > 0 ? section.Low : 1 / section.High;
        return value >= Math.Log(low) && value <= Math.Log(section.High);
    }
}
