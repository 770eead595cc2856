using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// KL-Cov (arXiv 2505.22617): the unclipped surrogate x = −A·r; the max(1, ⌊ratio·M⌋) tokens of the optimizer step with
/// the highest covariance of advantage and log-probability get coefficient·|ℓ − ℓ°| in addition. The ratio is not clamped.
/// </summary>
public sealed class KlCovLoss(KlCovLossSection section) : IPolicyLoss
{
    /// <inheritdoc/>
    public bool NeedsWholeStep => true;

    /// <inheritdoc/>
    public LossOutputs Compute(LossInputs inputs, Span<double> gradient)
    {
        var covariance = Covariance.Of(inputs);
        var counts = default(LossCounts);
        var held = Highest(inputs, covariance);
        var loss = 0.0;
        for (var t = 0; t < inputs.TokenCount; t++)
        {
            var logRatio = Dual.Variable(inputs.LogProbs[t] - inputs.OldLogProbs[t]);
            var ratio = Dual.Exp(logRatio);
            var x = -inputs.Advantages[t] * ratio;
            x = held[t] ? x + (section.KlCovCoefficient * Dual.Abs(logRatio)) : x;
            var factor = inputs.FactorOf(t);
            loss += factor * x.Value;
            gradient[t] = factor * x.Derivative;
            counts.Ratio += ratio.Value;
            counts.Clipped += held[t] ? 1 : 0;
        }

        return new LossOutputs(loss, counts);
    }

    private bool[] Highest(LossInputs inputs, double[] covariance)
    {
        var held = new bool[covariance.Length];
        var count = Math.Min(Math.Max(1, (long)(section.CovRatio * covariance.Length)), covariance.Length);
        var (old, current) = (inputs.OldLogProbs.ToArray(), inputs.LogProbs.ToArray());

        // Ties are broken by the tokens' own numbers, so that the order of rollouts changes nothing.
        var order = Enumerable.Range(0, covariance.Length)
            .OrderByDescending(t => covariance[t]).ThenBy(t => old[t]).ThenBy(t => current[t]);
        foreach (var t in order.Take((int)count))
        {
            held[t] = true;
        }

        return held;
    }
}
