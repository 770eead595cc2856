using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>
/// Improves a decoder by a policy loss: log-probs and entropy of every loss token, the objective and its gradient on flat
/// arrays, backward per micro-batch, then clip and AdamW over all parameters. An objective that needs the whole optimizer
/// step at once gets it from a pass without gradients before. Engine and updater share the parameter tensors, so a
/// finished update is already published; it only raises the version. An adapter's dropout is on where the loss is computed,
/// and off for the old policy and the reference.
/// </summary>
/// <param name="model">The policy; borrowed.</param>
/// <param name="reference">The frozen reference of the KL term; borrowed; null when the recipe has none.</param>
/// <param name="loss">The policy loss.</param>
/// <param name="section">Everything beside it.</param>
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
    private readonly PolicyObjective _objective = new(loss, section);
    private readonly LogProbMismatch _mismatch = new();
    private readonly LossTokens _tokens = new();
    private readonly OldPolicy _old = new();
    private readonly bool _recomputes = section.OldLogProbs == OldLogProbsSource.Recompute;
    private float[] _scratch = [];

    /// <inheritdoc/>
    public long PolicyVersion => optimizer.Step;

    /// <inheritdoc/>
    public UpdateReport Update(IReadOnlyList<OptimizerBatch> batches)
    {
        var metrics = new MetricSums();
        _mismatch.Reset();
        if (_recomputes)
        {
            _old.Remember(batches, b => b.CurrentLogProbs ?? Frozen(model, b, dropout: null).LogProbs);
        }

        for (var i = 0; i < batches.Count; i++)
        {
            optimizer.ZeroGrad();

            // Only before the first optimizer step do engine and trainer hold the same parameters.
            Accumulate(batches[i], metrics, compareEngine: i == 0);
            metrics.AddSum("actor/pg_loss", 0, 1);
            var rate = schedule.At(optimizer.Step + 1);
            metrics.Add("actor/grad_norm", optimizer.Apply(rate));
            metrics.Add("actor/lr", rate);
        }

        var micro = batches.SelectMany(b => b.MicroBatches).ToList();
        var tokensTrained = micro.Sum(b => b.PathTokenCount);
        if (tokensTrained > 0)
        {
            metrics.Add("update/prefix_reuse", (double)micro.Sum(b => (long)b.TokenCount) / tokensTrained);
        }

        return new UpdateReport([.. metrics.Rows(), .. _mismatch.Rows()], tokensTrained, PolicyVersion);
    }

    private void Accumulate(OptimizerBatch batch, MetricSums metrics, bool compareEngine)
    {
        if (_objective.NeedsWholeStep)
        {
            _tokens.Clear();
            var ahead = new DropoutPlace(optimizer.Step);
            foreach (var microBatch in batch.MicroBatches)
            {
                var (logProbs, entropy) = Frozen(model, microBatch, ahead);
                ahead = ahead.After(microBatch);
                Add(microBatch, logProbs, entropy);
            }

            Evaluate(metrics, compareEngine);
        }

        var first = 0;
        var place = new DropoutPlace(optimizer.Step);
        foreach (var microBatch in batch.MicroBatches)
        {
            using var scope = new TensorScope();
            var scores = model.Score(microBatch, temperature, place);
            place = place.After(microBatch);
            if (!_objective.NeedsWholeStep)
            {
                first = 0;
                _tokens.Clear();
                var values = Scratch(2 * microBatch.LossCount);
                var logProbs = values[..microBatch.LossCount];
                var entropy = values[microBatch.LossCount..];
                scores.LogProbs.detach().CopyTo(logProbs);
                scores.Entropy.detach().CopyTo(entropy);
                Add(microBatch, logProbs, entropy);
                Evaluate(metrics, compareEngine);
            }

            Backward(scores, first);
            first += microBatch.LossCount;
        }
    }

    private void Add(MicroBatch batch, ReadOnlySpan<float> logProbs, ReadOnlySpan<float> entropy) => _tokens.Add(
        batch, logProbs, entropy, _recomputes ? _old.Of(batch, logProbs) : [], reference is null ? [] : Frozen(reference, batch, dropout: null).LogProbs);

    private void Evaluate(MetricSums metrics, bool compareEngine)
    {
        var inputs = _tokens.Inputs(hasReference: reference is not null, hasOwnOld: _recomputes);
        var value = _objective.Evaluate(inputs, _tokens.Gradient, _tokens.EntropyGradient, metrics);
        if (!double.IsFinite(value))
        {
            throw new NonFiniteException($"the loss is {value}");
        }

        if (compareEngine)
        {
            _mismatch.Observe(_tokens.LogProbs, _tokens.RolloutLogProbs);
        }
    }

    private void Backward(TokenScores scores, int first)
    {
        var count = (int)scores.LogProbs.numel();
        var gradient = Narrow(_tokens.Gradient.Slice(first, count), scores.LogProbs.device);
        scores.Backward(
            gradient, section.EntropyCoefficient == 0 ? null : Narrow(_tokens.EntropyGradient.Slice(first, count), scores.Entropy.device));
    }

    private Tensor Narrow(ReadOnlySpan<double> values, Device device)
    {
        var narrow = Scratch(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            narrow[i] = (float)values[i];
        }

        return torch.tensor<float>(narrow, device);
    }

    private Span<float> Scratch(int length)
    {
        if (_scratch.Length < length)
        {
            _scratch = new float[Math.Max(length, 2 * _scratch.Length)];
        }

        return _scratch.AsSpan(0, length);
    }

    /// <summary>Scores without gradients, outside of the reused buffers.</summary>
    private (float[] LogProbs, float[] Entropy) Frozen(DecoderModel scored, MicroBatch batch, DropoutPlace? dropout)
    {
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        var scores = scored.Score(batch, temperature, dropout);
        return (scores.LogProbs.ToArray<float>(), scores.Entropy.ToArray<float>());
    }
}
