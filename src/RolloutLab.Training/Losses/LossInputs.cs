using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>
/// What a policy loss sees of one micro-batch: its M loss tokens, flat, in the order of the packed sequences. All
/// tensors are <c>[M] float32</c> and owned by the caller's scope.
/// </summary>
/// <param name="LogProbs">Log-probabilities under the policy being trained; carries the gradient.</param>
/// <param name="Entropy">Entropy of the distribution at each token; carries the gradient.</param>
/// <param name="OldLogProbs">Behaviour log-probabilities.</param>
/// <param name="Advantages">Advantages.</param>
/// <param name="Weights">Loss weights: aggregation and global denominator in one number.</param>
/// <param name="RefLogProbs">Log-probabilities under the frozen reference; null when the recipe has no KL term.</param>
public sealed record LossInputs(Tensor LogProbs, Tensor Entropy, Tensor OldLogProbs, Tensor Advantages, Tensor Weights, Tensor? RefLogProbs);

/// <summary>A loss and what it measured.</summary>
/// <param name="Loss">Scalar, carries the gradient: this micro-batch's share of the optimizer step's loss.</param>
/// <param name="Metrics">Name to sum over the M tokens; the caller divides by the tokens of the whole optimizer step.</param>
public sealed record LossOutputs(Tensor Loss, IReadOnlyList<KeyValuePair<string, double>> Metrics);

/// <summary>A policy objective: a pure function. A new one is one file with one class.</summary>
public interface IPolicyLoss
{
    /// <summary>The loss of one micro-batch. Must be a sum over tokens weighted by <see cref="LossInputs.Weights"/>, so that cutting the batch differently changes nothing.</summary>
    LossOutputs Compute(LossInputs inputs);
}
