namespace RolloutLab.Core;

/// <summary>A response that was sampled with the known answer in view, for a prompt that stays unsolved.</summary>
/// <param name="Prompt">The plain prompt, without the answer.</param>
/// <param name="Rollout">The response; its log-probabilities are those of the current policy given the plain prompt, NaN where it was not scored.</param>
/// <param name="Verdict">Whether it reaches the answer by itself.</param>
public sealed record Explanation(Prompt Prompt, Rollout Rollout, Verdict Verdict)
{
    /// <summary>Mean log-probability of its tokens given the plain prompt.</summary>
    public double Likelihood => Rollout.LogProbs.Length == 0 ? double.NaN : Rollout.LogProbs.Average(l => (double)l);
}
