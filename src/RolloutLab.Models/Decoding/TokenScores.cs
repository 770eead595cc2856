using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>Log-probabilities and entropies of the L loss terms of a micro-batch, in their order. The tensors belong to the caller's scope.</summary>
/// <param name="LogProbs">Log-probability of each term's token given the tokens before it on its path, at the given temperature, <c>[L] float32</c>.</param>
/// <param name="Entropy">Entropy in nats of the distribution it was scored in, <c>[L] float32</c>.</param>
public readonly record struct TokenScores(Tensor LogProbs, Tensor Entropy)
{
    /// <summary>What was kept instead of the layers' activations; null where those were.</summary>
    internal LayerCheckpoints? Checkpoints { get; init; }

    /// <summary>
    /// Adds the gradients of the model's parameters, once: the activations are freed. The only way to them where layers were
    /// checkpointed, and the same bits where they were not.
    /// </summary>
    /// <param name="logProbs">Gradient with respect to <see cref="LogProbs"/>, <c>[L]</c>.</param>
    /// <param name="entropy">Gradient with respect to <see cref="Entropy"/>, <c>[L]</c>; null for none.</param>
    /// <exception cref="TorchException">The scores were made without gradients, or this was called before.</exception>
    public void Backward(Tensor logProbs, Tensor? entropy = null)
    {
        if (entropy is null)
        {
            torch.backward([LogProbs], [logProbs]);
        }
        else
        {
            torch.backward([LogProbs, Entropy], [logProbs, entropy]);
        }

        Checkpoints?.Backward();
    }
}
