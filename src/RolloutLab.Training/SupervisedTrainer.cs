using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>What one step of supervised fine-tuning measured.</summary>
/// <param name="Loss">Mean negative log-likelihood of the response tokens.</param>
/// <param name="Entropy">Mean entropy at the response tokens.</param>
/// <param name="GradNorm">Gradient norm before clipping.</param>
/// <param name="LearningRate">Rate of the step.</param>
/// <param name="Tokens">Tokens that went through forward and backward.</param>
public readonly record struct SupervisedStep(double Loss, double Entropy, double GradNorm, double LearningRate, long Tokens);

/// <summary>Supervised fine-tuning: maximises the likelihood of demonstrated responses, mean over the step's response tokens.</summary>
public sealed class SupervisedTrainer(
    DecoderModel model, IDemonstrationSource demonstrations, AdamW optimizer, LearningRateSchedule schedule, SftSection section)
{
    private readonly MicroBatchPacker _packer = new(section.MicroBatchTokens);

    /// <summary>Takes optimizer step number <paramref name="step"/>, from 1, on the demonstrations that belong to it.</summary>
    /// <exception cref="NonFiniteException">The loss or gradient is NaN or infinite; the parameters are as before.</exception>
    public SupervisedStep Step(long step)
    {
        var first = (step - 1) * section.SequencesPerStep;
        var chosen = Enumerable.Range(0, section.SequencesPerStep).Select(i => demonstrations.At(first + i)).ToList();
        var responseTokens = chosen.Sum(d => (long)d.ResponseIds.Length);
        var sequences = chosen
            .Select(d => new PackedSequence(d.PromptIds, d.ResponseIds, OldLogProbs: [], Advantage: 1f, 1f / responseTokens))
            .ToList();

        optimizer.ZeroGrad();
        double loss = 0, entropy = 0;
        foreach (var batch in _packer.Pack(sequences))
        {
            var (batchLoss, batchEntropy) = Accumulate(batch);
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

    private (double Loss, double Entropy) Accumulate(MicroBatch batch)
    {
        using var scope = new TensorScope();
        var (logProbs, entropy) = model.TokenLogProbs(batch, temperature: 1);
        var loss = -(logProbs * torch.tensor<float>(LossTokens.Of(batch).Weights)).sum();
        loss.backward();
        return (loss.item(), entropy.sum().item());
    }
}
