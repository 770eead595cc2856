using RolloutLab.Recipes;
using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>
/// The clipped surrogate of PPO (arXiv 1707.06347) with separate lower and upper widths (clip-higher, DAPO,
/// arXiv 2503.14476) and dual clip (arXiv 1912.09729). With r = exp(clamp(ℓ − ℓ°, ±20)) each token gives
/// x = max(−A·r, −A·clip(r, 1 − ε_low, 1 + ε_high)), and for A &lt; 0 at most −A·c.
/// </summary>
public sealed class VanillaLoss(VanillaLossSection section) : IPolicyLoss
{
    private const double LogRatioBound = 20;

    /// <inheritdoc/>
    public LossOutputs Compute(LossInputs inputs)
    {
        var logRatio = (inputs.LogProbs - inputs.OldLogProbs).clamp(-LogRatioBound, LogRatioBound);
        var ratio = logRatio.exp();
        var negative = -inputs.Advantages;
        var unclipped = negative * ratio;
        var clipped = negative * ratio.clamp(1 - section.ClipLow, 1 + section.ClipHigh);
        var loss = unclipped.maximum(clipped);
        var metrics = new List<KeyValuePair<string, double>>
        {
            new("actor/pg_clipfrac", clipped.gt(unclipped).to(ScalarType.Float32).sum().item()),
            new("actor/ppo_kl", -(inputs.LogProbs - inputs.OldLogProbs).sum().item()),
        };
        if (section.DualClip > 0)
        {
            var bound = negative * section.DualClip;
            var isNegative = inputs.Advantages.lt(0);
            metrics.Add(new("actor/pg_clipfrac_lower", (isNegative.to(ScalarType.Float32) * loss.gt(bound).to(ScalarType.Float32)).sum().item()));
            loss = torch.where(isNegative, bound.minimum(loss), loss);
        }

        return new LossOutputs((loss * inputs.Weights).sum(), metrics);
    }
}
