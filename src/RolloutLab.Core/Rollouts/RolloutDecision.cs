namespace RolloutLab.Core;

/// <summary>What recomposition decided about one rollout.</summary>
public enum RolloutFate
{
    /// <summary>Trained in this step.</summary>
    Kept,

    /// <summary>Not trained.</summary>
    Dropped,

    /// <summary>Held back for a later step.</summary>
    Deferred,

    /// <summary>Sampled in an earlier step and trained in this one.</summary>
    Replayed,

    /// <summary>Made in this step beside its plan, and trained in it.</summary>
    Added,
}

/// <summary>One rollout on its way into an optimizer step.</summary>
/// <param name="Prompt">The prompt it answers.</param>
/// <param name="Rollout">The rollout.</param>
/// <param name="Verdict">Its verdict.</param>
/// <param name="Advantage">Its advantage inside its own group.</param>
/// <param name="Fate">What happens to it.</param>
/// <param name="Reason">Short snake_case reason, counted in the metrics.</param>
/// <param name="Weight">Multiplies its loss; 1 unless a recomposer says otherwise.</param>
/// <param name="PolicyAge">Policy versions between sampling and training, from 0.</param>
public sealed record RolloutDecision(
    Prompt Prompt, Rollout Rollout, Verdict Verdict, float Advantage, RolloutFate Fate, string Reason, float Weight = 1f, long PolicyAge = 0)
{
    /// <summary>Advantage of each response token, <c>[n]</c>, where tokens have their own; null where all have <see cref="Advantage"/>.</summary>
    public float[]? TokenAdvantages { get; init; }

    /// <summary>Whether it belongs to a loss beside the policy loss; those of one <see cref="Reason"/> have denominators of their own.</summary>
    public bool IsAuxiliary { get; init; }

    /// <summary>Whether it is part of the optimizer step (and of the loss denominators).</summary>
    public bool IsTrained => Fate is RolloutFate.Kept or RolloutFate.Replayed or RolloutFate.Added;
}
