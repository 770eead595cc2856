using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// The geometric mean of token ratios (GMPO, arXiv 2507.20673). With d = ℓ − ℓ° clipped in log space on the side the
/// advantage pushes to, d̂ = sgn(A)·min(sgn(A)·d, sgn(A)·clip(d, −ε_low, ε_high)), a sequence gives
/// x = −Ā·exp(Σd̂/(T + 1e-8)), the same for each of its tokens. A correction counts with its geometric mean.
/// Unlike verl, the mean over sequences has the denominator of the whole optimizer step.
/// </summary>
public sealed class GmpoLoss(GmpoLossSection section) : IPolicyLoss
{
    /// <inheritdoc/>
    public LossOutputs Compute(LossInputs inputs, Span<double> gradient)
    {
        var counts = default(LossCounts);
        var loss = 0.0;
        for (var s = 0; s < inputs.SequenceCount; s++)
        {
            loss += Sequence(inputs, inputs.CuSeqLens[s], inputs.CuSeqLens[s + 1], gradient, ref counts);
        }

        return new LossOutputs(loss, counts);
    }

    private double Sequence(LossInputs inputs, int first, int end, Span<double> gradient, ref LossCounts counts)
    {
        double sum = 0, weight = 0, logCorrection = 0;
        for (var t = first; t < end; t++)
        {
            var d = Clipped(inputs, t);
            sum += d.Value;
            weight += inputs.Weights[t];
            logCorrection += Math.Log(inputs.CorrectionOf(t));
            gradient[t] = d.Derivative;
            counts.Clipped += d.Derivative == 0 ? 1 : 0;
        }

        // exp(log 0) is 0: a sequence with a correction of 0 has no loss.
        var length = end - first + 1e-8;
        var x = -SequenceSums.MeanAdvantage(inputs, first, end) * Math.Exp(sum / length);
        weight *= end > first ? Math.Exp(logCorrection / (end - first)) : 0;
        counts.Ratio += (end - first) * Math.Exp(sum / length);
        for (var t = first; t < end; t++)
        {
            gradient[t] *= weight * x / length;
        }

        return weight * x;
    }

    private Dual Clipped(LossInputs inputs, int t)
    {
        var d = Dual.Variable(inputs.LogProbs[t] - inputs.OldLogProbs[t]);
        var clipped = Dual.Clamp(d, -section.ClipLow, section.ClipHigh);
        return inputs.Advantages[t] > 0 ? Dual.Min(d, clipped) : Dual.Max(d, clipped);
    }
}
