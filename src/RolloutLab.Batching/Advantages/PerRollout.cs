using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>What estimators share that give one number a rollout.</summary>
internal static class PerRollout
{
    /// <summary>Applies a formula to every rollout that has a reward; the others get 0.</summary>
    public static GroupAdvantages Of(RewardGroup group, Func<int, double> advantage)
    {
        var result = new double[group.Count];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = double.IsNaN(group.Rewards[i]) ? 0 : advantage(i);
        }

        return new GroupAdvantages(result);
    }
}
