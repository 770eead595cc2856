using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>
/// Improves a decoder by a policy loss: log-probs and entropy of every loss token, loss, backward per micro-batch, then
/// clip and AdamW over all parameters. Engine and updater share the parameter tensors, so a finished update is already
/// published; it only raises the version.
/// </summary>
/// <param name="model">The policy; borrowed.</param>
/// <param name="reference">The frozen reference of the KL term; borrowed; null when the recipe has none.</param>
/// <param name="loss">The objective.</param>
/// <param name="section">KL and entropy coefficients.</param>
/// <param name="optimizer">Moments and step; borrowed.</param>
/// <param name="schedule">Learning rate of each optimizer step.</param>
/// <param name="temperature">Sampling temperature: log-probs are those of the distribution sampled from.</param>
public sealed class PolicyUpdater(
    DecoderModel model,
    DecoderModel? reference,
    IPolicyLoss loss,
    LossSection section,
    AdamW optimizer,
    LearningRateSchedule schedule,
    double temperature) : IPolicyUpdater
{
    private readonly LogProbMismatch _mismatch = new();

    /// <inheritdoc/>
    public long PolicyVersion => optimizer.Step;

    /// <inheritdoc/>
    public UpdateReport Update(IReadOnlyList<OptimizerBatch> batches)
    {
        var metrics = new MetricSums();
        _mismatch.Reset();
        var (tokensTrained, tokensComputed) = (0L, 0L);
        for (var i = 0; i < batches.Count; i++)
        {
            optimizer.ZeroGrad();
            foreach (var microBatch in batches[i].MicroBatches)
            {
                // Only before the first optimizer step do engine and trainer hold the same parameters.
                Accumulate(microBatch, metrics, compareEngine: i == 0);
                tokensTrained += microBatch.PathTokenCount;
                tokensComputed += microBatch.TokenCount;
            }

            var rate = schedule.At(optimizer.Step + 1);
            metrics.Add("actor/grad_norm", optimizer.Apply(rate));
            metrics.Add("actor/lr", rate);
        }

        if (tokensTrained > 0)
        {
            metrics.Add("update/prefix_reuse", (double)tokensComputed / tokensTrained);
        }

        var rows = metrics.Rows().Concat(_mismatch.Rows()).ToList();
        return new UpdateReport(rows, tokensTrained, PolicyVersion);
    }

    private void Accumulate(MicroBatch batch, MetricSums metrics, bool compareEngine)
    {
        using var scope = new TensorScope();
        var (logProbs, entropy) = model.Score(batch, temperature);
        var inputs = new LossInputs(
            logProbs,
            entropy,
            torch.tensor<float>(batch.OldLogProbs),
            torch.tensor<float>(batch.Advantages),
            torch.tensor<float>(batch.LossWeights),
            ReferenceLogProbs(batch));
        var outputs = loss.Compute(inputs);
        var total = WithRegularisers(outputs.Loss, inputs, metrics);
        var value = total.item();
        if (!double.IsFinite(value))
        {
            throw new NonFiniteException($"the loss is {value}");
        }

        total.backward();
        metrics.AddSum("actor/pg_loss", outputs.Loss.item(), 0);
        foreach (var (name, sum) in outputs.Metrics)
        {
            metrics.AddSum(name, sum, batch.LossCount);
        }

        metrics.AddSum("actor/entropy", entropy.sum().item(), batch.LossCount);
        if (compareEngine)
        {
            _mismatch.Observe(logProbs.detach(), batch.OldLogProbs);
        }
    }

    private Tensor? ReferenceLogProbs(MicroBatch batch)
    {
        if (reference is null)
        {
            return null;
        }

        using var noGrad = torch.no_grad();
        return reference.Score(batch, temperature).LogProbs;
    }

    private Tensor WithRegularisers(Tensor policyLoss, LossInputs inputs, MetricSums metrics)
    {
        var total = policyLoss;
        if (inputs.RefLogProbs is { } refLogProbs)
        {
            var kl = KlEstimators.Estimate(section.KlEstimator, inputs.LogProbs, refLogProbs);
            metrics.AddSum("actor/kl_loss", kl.sum().item(), inputs.Weights.numel());
            total += (kl * inputs.Weights).sum() * section.KlCoefficient;
        }

        return section.EntropyCoefficient == 0 ? total : total - ((inputs.Entropy * inputs.Weights).sum() * section.EntropyCoefficient);
    }
}
