namespace RolloutLab.Cli;

/// <summary>What <c>parity</c> computed.</summary>
/// <param name="Rollouts">The batch.</param>
/// <param name="Advantages">One a rollout; where tokens have their own, their mean.</param>
/// <param name="TokenAdvantages">One a token for each rollout, 0 where the mask is 0; null where tokens have no own.</param>
/// <param name="Loss">The loss with all its terms.</param>
/// <param name="Gradient">Its derivative by each log-prob, a list a rollout.</param>
/// <param name="Metrics">What the loss measured.</param>
internal sealed record ParityResult(
    IReadOnlyList<ParityRollout> Rollouts,
    double[] Advantages,
    double[][]? TokenAdvantages,
    double Loss,
    double[][] Gradient,
    IReadOnlyList<KeyValuePair<string, double>> Metrics);
