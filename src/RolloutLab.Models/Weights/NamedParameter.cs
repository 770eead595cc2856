using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>One trainable tensor.</summary>
/// <param name="Name">Stable name, unique in the model; keys the optimizer's state.</param>
/// <param name="Tensor">The float32 tensor; owned by the <see cref="DecoderWeights"/> it came from.</param>
/// <param name="Decay">Whether weight decay applies: true for matrices, false for norms and biases.</param>
public sealed record NamedParameter(string Name, Tensor Tensor, bool Decay);
