using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// VESPO: the log-likelihood weighted by a detached function of the sequence's importance weight,
/// log w = clamp(Σ clamp(ℓ − ℓ°, ±20), ln 1e-8, 20), φ = exp(λ + k·log w − λ·w), x = −φ·A·ℓ, with (k, λ) of its own
/// where A is negative. A correction multiplies w instead of the loss.
/// </summary>
public sealed class VespoLoss(VespoLossSection section) : IPolicyLoss
{
    private const double SmallestWeight = 1e-8;

    /// <inheritdoc/>
    public LossOutputs Compute(LossInputs inputs, Span<double> gradient)
    {
        var counts = default(LossCounts);
        var loss = 0.0;
        for (var s = 0; s < inputs.SequenceCount; s++)
        {
            var (first, end) = (inputs.CuSeqLens[s], inputs.CuSeqLens[s + 1]);
            var logWeight = LogWeight(inputs, first, end);
            for (var t = first; t < end; t++)
            {
                var advantage = inputs.Advantages[t];
                var scale = -inputs.Weights[t] * Gate(logWeight, advantage) * advantage;
                loss += scale * inputs.LogProbs[t];
                gradient[t] = scale;
                counts.Ratio += Math.Exp(logWeight);
            }
        }

        return new LossOutputs(loss, counts);
    }

    private static double LogWeight(LossInputs inputs, int first, int end)
    {
        var sum = 0.0;
        for (var t = first; t < end; t++)
        {
            sum += Math.Clamp(inputs.LogProbs[t] - inputs.OldLogProbs[t], -LossToken.LogRatioBound, LossToken.LogRatioBound);
            sum += t == first || !inputs.IsCorrectionPerSequence ? Math.Log(Math.Max(inputs.CorrectionOf(t), SmallestWeight)) : 0;
        }

        return Math.Clamp(sum, Math.Log(SmallestWeight), LossToken.LogRatioBound);
    }

    private double Gate(double logWeight, double advantage)
    {
        var (shape, rate) = advantage >= 0 ? (section.ShapePositive, section.RatePositive) : (section.ShapeNegative, section.RateNegative);
        return Math.Exp(rate + (shape * logWeight) - (rate * Math.Exp(logWeight)));
    }
}
