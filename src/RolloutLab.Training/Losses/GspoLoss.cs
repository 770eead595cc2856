namespace RolloutLab.Training;

/// <summary>
/// Sequence-level ratios (GSPO, arXiv 2507.18071): s = exp(mean over the sequence of ℓ − ℓ°), at most e^10, and every
/// token's x = max(−A·s, −A·clip(s, 1 − ε_low, 1 + ε_high)) with the gradient of its own log-probability
/// (s_t = s·exp(ℓ − sg ℓ)). LUSPO is the same loss summed over tokens instead of averaged.
/// </summary>
/// <param name="clipLow">ε_low, in [0, 1).</param>
/// <param name="clipHigh">ε_high, at least 0.</param>
public sealed class GspoLoss(double clipLow, double clipHigh) : IPolicyLoss
{
    private const double MaxLogRatio = 10;

    /// <inheritdoc/>
    public LossOutputs Compute(LossInputs inputs, Span<double> gradient)
    {
        var counts = default(LossCounts);
        var loss = 0.0;
        for (var s = 0; s < inputs.SequenceCount; s++)
        {
            var (first, end) = (inputs.CuSeqLens[s], inputs.CuSeqLens[s + 1]);
            var logRatio = SequenceSums.LogRatio(inputs, first, end) / Math.Max(1, end - first);
            var ratio = Dual.Exp(Dual.Clamp(Dual.Variable(logRatio), double.NegativeInfinity, MaxLogRatio));
            for (var t = first; t < end; t++)
            {
                var x = Loss(ratio, inputs.Advantages[t], ref counts);
                var factor = inputs.FactorOf(t);
                loss += factor * x.Value;
                gradient[t] = factor * x.Derivative;
            }
        }

        return new LossOutputs(loss, counts);
    }

    private Dual Loss(Dual ratio, double advantage, ref LossCounts counts)
    {
        var (low, high) = (1 - clipLow, 1 + clipHigh);
        counts.Observe(ratio.Value, low, high, advantage);
        var unclipped = -advantage * ratio;
        var clipped = -advantage * Dual.Clamp(ratio, low, high);
        counts.Clipped += clipped.Value > unclipped.Value ? 1 : 0;
        return Dual.Max(unclipped, clipped);
    }
}

/// <summary>Sums over the tokens of a sequence.</summary>
internal static class SequenceSums
{
    /// <summary>Σ(ℓ − ℓ°) over the tokens [first, end).</summary>
    public static double LogRatio(in LossInputs inputs, int first, int end)
    {
        var sum = 0.0;
        for (var t = first; t < end; t++)
        {
            sum += inputs.LogProbs[t] - inputs.OldLogProbs[t];
        }

        return sum;
    }

    /// <summary>Mean of the advantages of the tokens [first, end); 0 for none.</summary>
    public static double MeanAdvantage(in LossInputs inputs, int first, int end)
    {
        var sum = 0.0;
        for (var t = first; t < end; t++)
        {
            sum += inputs.Advantages[t];
        }

        return sum / Math.Max(1, end - first);
    }
}
