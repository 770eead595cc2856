namespace RolloutLab.Training;

/// <summary>
/// A policy objective: a pure function from <see cref="LossInputs"/> to a loss and its gradient. A new one is one file
/// with one class; where a token's loss depends on its own log-probability alone, derive from <see cref="TokenLoss"/> and
/// write the formula.
/// </summary>
public interface IPolicyLoss
{
    /// <summary>
    /// Whether it looks at statistics over all tokens of an optimizer step. It is then called once for the step, with
    /// log-probabilities from a pass of their own at the same parameters, and so does not depend on how the step is cut.
    /// Otherwise it is a sum over sequences and is called for each micro-batch.
    /// </summary>
    bool NeedsWholeStep => false;

    /// <summary>
    /// The weighted sum over tokens, Σ w·x with w = <see cref="LossInputs.FactorOf"/>, and its gradient.
    /// </summary>
    /// <param name="inputs">M tokens of S sequences.</param>
    /// <param name="gradient">Filled with the derivative of the sum by each log-probability, <c>[M]</c>.</param>
    LossOutputs Compute(LossInputs inputs, Span<double> gradient);
}
