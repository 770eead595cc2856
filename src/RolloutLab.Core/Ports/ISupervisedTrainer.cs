namespace RolloutLab.Core;

/// <summary>What one step of supervised fine-tuning measured.</summary>
/// <param name="Loss">Mean negative log-likelihood of the response tokens, in nats.</param>
/// <param name="Entropy">Mean entropy at the response tokens, in nats.</param>
/// <param name="GradNorm">Gradient norm before clipping.</param>
/// <param name="LearningRate">Rate of the step.</param>
/// <param name="Tokens">Tokens that went through forward and backward.</param>
public readonly record struct SupervisedStep(double Loss, double Entropy, double GradNorm, double LearningRate, long Tokens);

/// <summary>Trains the policy to imitate demonstrations.</summary>
public interface ISupervisedTrainer
{
    /// <summary>Takes optimizer step number <paramref name="step"/>, from 1, on the demonstrations that belong to it.</summary>
    /// <exception cref="NonFiniteException">The loss or gradient is NaN or infinite; the parameters are as before.</exception>
    SupervisedStep Step(long step);
}
