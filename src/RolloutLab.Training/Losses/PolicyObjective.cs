using System.Buffers;
using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// All that a recipe's <c>loss</c> section asks for, as one function of flat arrays: rejection, masks and importance
/// weights, the policy loss, the divergence from the reference, the entropy that is rewarded. It knows nothing of models,
/// so training and <c>parity</c> are the same computation.
/// </summary>
/// <param name="loss">The policy loss.</param>
/// <param name="section">Everything beside it.</param>
public sealed class PolicyObjective(IPolicyLoss loss, LossSection section)
{
    /// <summary>
    /// Whether <see cref="Evaluate"/> must see an optimizer step at once; otherwise it is called for each micro-batch, and
    /// losses, gradients and metrics add up to the same.
    /// </summary>
    public bool NeedsWholeStep =>
        loss.NeedsWholeStep || section.TopEntropyQuantile < 1 || section.Correction is { Normalize: true } or { Reject.Count: > 0 };

    /// <summary>The loss, its gradients, and what it measured.</summary>
    /// <param name="inputs">M tokens of S sequences; <see cref="LossInputs.Correction"/> is not looked at.</param>
    /// <param name="gradient">Filled with the derivative by each log-probability, <c>[M]</c>.</param>
    /// <param name="entropyGradient">Filled with the derivative by each entropy, <c>[M]</c>; empty when it is of no interest.</param>
    /// <param name="metrics">Gets the metrics as sums.</param>
    /// <returns>This part's share of the loss.</returns>
    public double Evaluate(LossInputs inputs, Span<double> gradient, Span<double> entropyGradient, MetricSums metrics)
    {
        var rented = ArrayPool<double>.Shared.Rent(Math.Max(1, inputs.TokenCount));
        try
        {
            var factors = rented.AsSpan(0, inputs.TokenCount);
            factors.Fill(1);
            inputs = Corrected(inputs, factors, metrics);
            var outputs = loss.Compute(inputs, gradient);
            Count(inputs, outputs, metrics);
            return outputs.Loss + AddDivergence(inputs, gradient, metrics) - RewardEntropy(inputs, entropyGradient, metrics);
        }
        finally
        {
            ArrayPool<double>.Shared.Return(rented);
        }
    }

    private LossInputs Corrected(LossInputs inputs, Span<double> factors, MetricSums metrics)
    {
        var correction = section.Correction;
        var trainer = section.Policy is ReinforceLossSection ? inputs.LogProbs : inputs.OldLogProbs;
        if (!trainer.Overlaps(inputs.RolloutLogProbs))
        {
            MismatchMetrics.Observe(trainer, inputs.RolloutLogProbs, inputs.CuSeqLens, metrics);
        }

        if (correction is { Reject: { Count: > 0 } reject })
        {
            var keep = Rejection.Keep(reject, trainer, inputs.RolloutLogProbs, inputs.CuSeqLens);
            metrics.AddSum("rollout_corr/rollout_rs_masked_fraction", keep.Count(k => !k), keep.Length);
            inputs = inputs with { Weights = Rejection.Reweigh(section, inputs.Weights, keep, inputs.CuSeqLens) };
        }

        if (section.OffPolicyThreshold > 0)
        {
            metrics.AddSum("actor/off_policy_masked", TokenMasks.DropOffPolicy(inputs, section.OffPolicyThreshold, factors), inputs.TokenCount);
        }

        if (section.TopEntropyQuantile < 1)
        {
            metrics.AddSum("actor/low_entropy_masked", TokenMasks.KeepHighEntropy(inputs.Entropy, section.TopEntropyQuantile, factors), inputs.TokenCount);
        }

        if (correction is not null)
        {
            OffPolicyCorrection.Apply(correction, trainer, inputs.RolloutLogProbs, inputs.CuSeqLens, factors, metrics);
        }

        return inputs with { Correction = factors, IsCorrectionPerSequence = correction is not { Level: CorrectionLevel.Token } };
    }

    private static void Count(LossInputs inputs, LossOutputs outputs, MetricSums metrics)
    {
        var (tokens, counts) = (inputs.TokenCount, outputs.Counts);
        metrics.AddSum("actor/pg_loss", outputs.Loss, 0);
        metrics.AddSum("actor/pg_clipfrac", counts.Clipped, tokens);
        metrics.AddSum("actor/ppo_kl", -SequenceSums.LogRatio(inputs, 0, tokens), tokens);
        metrics.AddSum("actor/pg_clipfrac_lower", counts.ClippedLower, tokens);
        metrics.AddSum("actor/ratio/mean", counts.Ratio, tokens);
        metrics.AddSum("clip_ratio/low_mean", counts.BelowLow, tokens);
        metrics.AddSum("clip_ratio/high_mean", counts.AboveHigh, tokens);
        metrics.AddSum("clip_ratio/region_mean", counts.BelowLow + counts.AboveHigh, tokens);
    }

    private double AddDivergence(LossInputs inputs, Span<double> gradient, MetricSums metrics)
    {
        if (inputs.RefLogProbs.IsEmpty || section.Kl is not { Coefficient: > 0, Placement: KlPlacement.Loss })
        {
            return 0;
        }

        var (sum, plain) = (0.0, 0.0);
        for (var t = 0; t < inputs.TokenCount; t++)
        {
            var logProb = Dual.Variable(inputs.LogProbs[t]);
            var kl = KlEstimators.Estimate(section.Kl.Estimator, logProb - inputs.RefLogProbs[t]);
            if (section.Kl.Unbiased)
            {
                kl *= new LossToken(logProb, inputs.OldLogProbs[t], 0, 0).Ratio;
            }

            sum += inputs.Weights[t] * kl.Value;
            plain += kl.Value;
            gradient[t] += section.Kl.Coefficient * inputs.Weights[t] * kl.Derivative;
        }

        metrics.AddSum("actor/kl_loss", sum, 0);
        metrics.AddSum("kl", plain, inputs.TokenCount);
        return section.Kl.Coefficient * sum;
    }

    private double RewardEntropy(LossInputs inputs, Span<double> entropyGradient, MetricSums metrics)
    {
        var (sum, plain) = (0.0, 0.0);
        for (var t = 0; t < inputs.Entropy.Length; t++)
        {
            sum += inputs.Weights[t] * inputs.Entropy[t];
            plain += inputs.Entropy[t];
        }

        for (var t = 0; t < entropyGradient.Length; t++)
        {
            entropyGradient[t] = -section.EntropyCoefficient * inputs.Weights[t];
        }

        if (!inputs.Entropy.IsEmpty)
        {
            metrics.AddSum("actor/entropy", plain, inputs.TokenCount);
        }

        return section.EntropyCoefficient * sum;
    }
}
