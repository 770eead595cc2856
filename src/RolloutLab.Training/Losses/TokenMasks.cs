namespace RolloutLab.Training;

/// <summary>Masks that take tokens out of the policy loss but leave its denominators.</summary>
internal static class TokenMasks
{
    /// <summary>
    /// Keeps tokens whose entropy is at least the (1 − share) quantile of all (arXiv 2506.01939), quantiles interpolated
    /// linearly. Needs the whole optimizer step.
    /// </summary>
    /// <returns>How many tokens were taken out.</returns>
    public static int KeepHighEntropy(ReadOnlySpan<double> entropy, double share, Span<double> factors)
    {
        if (entropy.IsEmpty)
        {
            return 0;
        }

        var sorted = entropy.ToArray();
        Array.Sort(sorted);
        var place = (1 - share) * (sorted.Length - 1);
        var below = (int)Math.Floor(place);
        var above = Math.Min(below + 1, sorted.Length - 1);
        var threshold = sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
        var dropped = 0;
        for (var t = 0; t < entropy.Length; t++)
        {
            if (entropy[t] < threshold)
            {
                factors[t] = 0;
                dropped++;
            }
        }

        return dropped;
    }

    /// <summary>
    /// Takes out sequences of negative advantage that the policy has left behind: mean over tokens of μ − ℓ above the
    /// threshold (DeepSeek-V3.2, TRL).
    /// </summary>
    /// <returns>How many tokens were taken out.</returns>
    public static int DropOffPolicy(LossInputs inputs, double threshold, Span<double> factors)
    {
        var dropped = 0;
        for (var s = 0; s < inputs.SequenceCount; s++)
        {
            var (first, end) = (inputs.CuSeqLens[s], inputs.CuSeqLens[s + 1]);
            var distance = 0.0;
            for (var t = first; t < end; t++)
            {
                distance += inputs.RolloutLogProbs[t] - inputs.LogProbs[t];
            }

            if (SequenceSums.MeanAdvantage(inputs, first, end) < 0 && distance / (end - first) > threshold)
            {
                factors[first..end].Clear();
                dropped += end - first;
            }
        }

        return dropped;
    }
}
