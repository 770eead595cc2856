using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>Supervised fine-tuning: maximises the likelihood of demonstrated responses, mean over the step's response tokens.</summary>
public sealed class SupervisedTrainer(
    DecoderModel model, IDemonstrationSource demonstrations, AdamW optimizer, LearningRateSchedule schedule, SftSection section) : ISupervisedTrainer
{
    private readonly MicroBatchPacker _packer = new(section.MicroBatchTokens);

    /// <inheritdoc/>
    public SupervisedStep Step(long step)
    {
        var first = (step - 1) * section.SequencesPerStep;
        var chosen = Enumerable.Range(0, section.SequencesPerStep).Select(i => demonstrations.At(first + i)).ToList();
        var responseTokens = chosen.Sum(d => (long)d.ResponseIds.Length);
        var sequences = chosen
            .Select(d => new PackedSequence(d.PromptIds, d.ResponseIds, OldLogProbs: [], new TokenCredit(1f, 1f / responseTokens)))
            .ToList();

        optimizer.ZeroGrad();
        double loss = 0, entropy = 0;
        var place = new DropoutPlace(optimizer.Step, Stage: 1);
        foreach (var batch in _packer.Pack(sequences))
        {
            var (batchLoss, batchEntropy) = Accumulate(batch, place);
            place = place.After(batch);
            loss += batchLoss;
            entropy += batchEntropy;
        }

        if (!double.IsFinite(loss))
        {
            throw new NonFiniteException($"step {step}: the loss is {loss}; the step is refused, lower sft.optimizer.learning_rate");
        }

        var rate = schedule.At(step);
        return new SupervisedStep(loss, entropy / responseTokens, optimizer.Apply(rate), rate, sequences.Sum(s => (long)s.TokenCount));
    }

    private (double Loss, double Entropy) Accumulate(MicroBatch batch, DropoutPlace place)
    {
        using var scope = new TensorScope();
        var scores = model.Score(batch, dropout: place);
        var weights = torch.tensor<float>(batch.LossWeights, scores.LogProbs.device);
        var (loss, entropy) = (-(scores.LogProbs.detach() * weights).sum().item(), scores.Entropy.detach().sum().item());
        scores.Backward(-weights);
        return (loss, entropy);
    }
}
