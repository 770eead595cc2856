using System.Globalization;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>
/// The guard rails of training on logged rollouts, before the update itself: log-probabilities that the log does not have (NaN)
/// become those of the policy about to be updated, so that their ratio is 1; and a step whose importance weights leave too
/// small an effective share (Σw)²/(n·Σw²) of its terms is refused. The weights are w = exp(ℓ − μ), not clipped, by token, whole
/// sequence or geometric mean, as the loss takes them; log weights are held within ±20.
/// </summary>
/// <param name="updater">The update.</param>
/// <param name="model">The policy; borrowed.</param>
/// <param name="level">What the loss's importance weights are ratios of.</param>
/// <param name="temperature">Sampling temperature.</param>
/// <param name="minEffectiveShare">Least effective share, in [0, 1].</param>
public sealed class LoggedUpdater(
    IPolicyUpdater updater, DecoderModel model, CorrectionLevel level, double temperature, double minEffectiveShare) : IPolicyUpdater
{
    private const double LogBound = 20;

    /// <inheritdoc/>
    public long PolicyVersion => updater.PolicyVersion;

    /// <inheritdoc/>
    /// <exception cref="OffPolicyException">The effective share is too small; nothing was changed.</exception>
    public UpdateReport Update(IReadOnlyList<OptimizerBatch> batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        var weights = new ImportanceWeights(level);
        var known = new Dictionary<MicroBatch, MicroBatch>(ReferenceEqualityComparer.Instance);
        var substituted = 0L;
        foreach (var batch in batches.SelectMany(b => b.MicroBatches).Where(b => !known.ContainsKey(b)))
        {
            var current = Score(batch);
            var behaviour = batch.OldLogProbs.ToArray();
            for (var t = 0; t < behaviour.Length; t++)
            {
                if (float.IsNaN(behaviour[t]))
                {
                    behaviour[t] = current[t];
                    substituted++;
                }
            }

            weights.Add(current, behaviour, batch.CuLossLens);
            known[batch] = batch with { OldLogProbs = behaviour, CurrentLogProbs = current };
        }

        if (weights.EffectiveShare < minEffectiveShare)
        {
            throw new OffPolicyException(string.Create(
                CultureInfo.InvariantCulture,
                $"the importance weights leave an effective share of {weights.EffectiveShare:0.0000}, below replay.min_effective_share = {minEffectiveShare}: "
                + $"the log is too far from the policy; start from the policy that made it, take fewer steps or a lower learning rate"));
        }

        var report = updater.Update([.. batches.Select(b => b with { MicroBatches = [.. b.MicroBatches.Select(m => known[m])] })]);
        return report with
        {
            Metrics =
            [
                .. report.Metrics,
                new("replay/effective_share", weights.EffectiveShare),
                new("replay/weight/mean", weights.Mean),
                new("replay/weight/max", weights.Max),
                new("replay/substituted_tokens", substituted),
            ],
        };
    }

    private float[] Score(MicroBatch batch)
    {
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        return model.Score(batch, temperature).LogProbs.ToArray<float>();
    }

    /// <summary>Sums over the importance weights of a step.</summary>
    private sealed class ImportanceWeights(CorrectionLevel level)
    {
        private double _sum;
        private double _squares;
        private long _count;

        public double EffectiveShare => _count == 0 ? 1 : _sum * _sum / (_count * _squares);

        public double Mean => _count == 0 ? 1 : _sum / _count;

        public double Max { get; private set; }

        public void Add(ReadOnlySpan<float> current, ReadOnlySpan<float> behaviour, ReadOnlySpan<int> cuLossLens)
        {
            for (var s = 0; s < cuLossLens.Length - 1; s++)
            {
                var (first, end) = (cuLossLens[s], cuLossLens[s + 1]);
                var sum = 0.0;
                for (var t = first; t < end; t++)
                {
                    var log = (double)current[t] - behaviour[t];
                    sum += log;
                    if (level == CorrectionLevel.Token)
                    {
                        Add(log);
                    }
                }

                if (level != CorrectionLevel.Token && end > first)
                {
                    Add(level == CorrectionLevel.Sequence ? sum : sum / (end - first));
                }
            }
        }

        private void Add(double log)
        {
            var weight = Math.Exp(Math.Clamp(log, -LogBound, LogBound));
            (_sum, _squares, _count) = (_sum + weight, _squares + (weight * weight), _count + 1);
            Max = Math.Max(Max, weight);
        }
    }
}
