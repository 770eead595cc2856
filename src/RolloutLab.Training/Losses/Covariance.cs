namespace RolloutLab.Training;

/// <summary>
/// Each token's part of the covariance of advantage and log-probability over an optimizer step (arXiv 2505.22617):
/// (A − mean A)(ℓ − mean ℓ), means over all its tokens.
/// </summary>
internal static class Covariance
{
    /// <summary>The parts, <c>[M]</c>.</summary>
    public static double[] Of(LossInputs inputs)
    {
        var result = new double[inputs.TokenCount];
        var (advantage, logProb) = (Mean(inputs.Advantages), Mean(inputs.LogProbs));
        for (var t = 0; t < result.Length; t++)
        {
            result[t] = (inputs.Advantages[t] - advantage) * (inputs.LogProbs[t] - logProb);
        }

        return result;
    }

    private static double Mean(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum / Math.Max(1, values.Length);
    }
}
