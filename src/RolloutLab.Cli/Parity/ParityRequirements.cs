using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary>What the chosen estimator and loss need of a batch.</summary>
/// <param name="path">The batch's file, for messages.</param>
/// <param name="rollouts">The batch.</param>
internal sealed class ParityRequirements(string path, IReadOnlyList<ParityRollout> rollouts)
{
    /// <exception cref="DataException">A rollout lacks something.</exception>
    public void Check(ObjectiveSections sections)
    {
        var loss = sections.Loss;
        AllOrNone(r => r.OldLogProbs, "old_logprobs");
        AllOrNone(r => r.RolloutLogProbs, "rollout_logprobs");
        AllOrNone(r => r.RefLogProbs, "ref_logprobs");
        AllOrNone(r => r.Entropy, "entropy");
        Need(loss.Kl.Coefficient > 0, r => r.RefLogProbs is not null, "ref_logprobs", "loss.kl_coefficient above 0");
        Need(loss.EntropyCoefficient != 0, r => r.Entropy is not null, "entropy", "loss.entropy_coefficient");
        Need(loss.TopEntropyQuantile < 1, r => r.Entropy is not null, "entropy", "loss.top_entropy_quantile");
        Need(loss.Correction is not null, r => r.RolloutLogProbs is not null, "rollout_logprobs", "loss.correction");
        Need(true, r => r.Advantage is not null || r.Rewards.Length > 0 || r.HasRewardKey, "reward", "an advantage");
        Need(sections.Advantage is OptimalTokenBaselineAdvantageSection, r => r.SquaredProbs is not null, "squared_probs", "advantage.type optimal_token_baseline");
        Need(
            sections.Advantage is RemaxAdvantageSection, r => r.Baseline is not null || r.Advantage is not null,
            "baseline (the reward of the greedy answer)", "advantage.type remax");
    }

    private void AllOrNone(Func<ParityRollout, double[]?> array, string key)
    {
        if (rollouts.Any(r => array(r) is not null) && rollouts.FirstOrDefault(r => array(r) is null) is { } lacking)
        {
            throw new DataException($"{path}: rollout {lacking.Name}: {key} is missing, other rollouts have it; give it to all or none");
        }
    }

    private void Need(bool needed, Func<ParityRollout, bool> has, string key, string reason)
    {
        if (needed && rollouts.FirstOrDefault(r => !has(r)) is { } lacking)
        {
            throw new DataException($"{path}: rollout {lacking.Name}: {key} is missing; {reason} needs it");
        }
    }
}
