using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// Clip-Cov (arXiv 2505.22617): the clipped surrogate, from which a few tokens are taken out whose covariance of
/// advantage and log-probability lies in (low, high) and which the clip leaves: min(max(⌊ratio·M⌋, 1), candidates) of
/// them. They are drawn by a hash of the seed and the token's own numbers (place, ℓ°, A), so the choice depends neither
/// on how the step is cut nor on the order of its rollouts. No dual clip; the ratio is not clamped.
/// </summary>
/// <param name="section">Bounds and share.</param>
/// <param name="random">The run's random streams.</param>
public sealed class ClipCovLoss(ClipCovLossSection section, RandomStreams random) : IPolicyLoss
{
    /// <inheritdoc/>
    public bool NeedsWholeStep => true;

    /// <inheritdoc/>
    public LossOutputs Compute(LossInputs inputs, Span<double> gradient)
    {
        var covariance = Covariance.Of(inputs);
        var counts = default(LossCounts);
        var loss = 0.0;
        var candidates = new List<(ulong Draw, int Token, double Loss)>();
        for (var s = 0; s < inputs.SequenceCount; s++)
        {
            for (var t = inputs.CuSeqLens[s]; t < inputs.CuSeqLens[s + 1]; t++)
            {
                var x = Surrogate(inputs, t, out var isClipped, ref counts);
                var factor = inputs.FactorOf(t);
                loss += factor * x.Value;
                gradient[t] = factor * x.Derivative;
                if (!isClipped && covariance[t] > section.CovLow && covariance[t] < section.CovHigh)
                {
                    candidates.Add((Draw(inputs, t, t - inputs.CuSeqLens[s]), t, factor * x.Value));
                }
            }
        }

        var chosen = Math.Min(Math.Max((long)(section.CovRatio * inputs.TokenCount), 1), candidates.Count);
        candidates.Sort();
        foreach (var (_, token, share) in candidates[..(int)chosen])
        {
            loss -= share;
            gradient[token] = 0;
            counts.Clipped++;
        }

        return new LossOutputs(loss, counts);
    }

    private Dual Surrogate(LossInputs inputs, int t, out bool isClipped, ref LossCounts counts)
    {
        var (low, high) = (1 - section.ClipLow, 1 + section.ClipHigh);
        var advantage = inputs.Advantages[t];
        var ratio = Dual.Exp(Dual.Variable(inputs.LogProbs[t] - inputs.OldLogProbs[t]));
        counts.Observe(ratio.Value, low, high, advantage);
        var unclipped = -advantage * ratio;
        var clipped = -advantage * Dual.Clamp(ratio, low, high);
        isClipped = clipped.Value > unclipped.Value;
        counts.Clipped += isClipped ? 1 : 0;
        return Dual.Max(unclipped, clipped);
    }

    private ulong Draw(LossInputs inputs, int t, int place) => random.Stream(
        StreamPurpose.LossSelection,
        BitConverter.DoubleToInt64Bits(inputs.OldLogProbs[t]),
        BitConverter.DoubleToInt64Bits(inputs.Advantages[t])).Bits(place);
}
