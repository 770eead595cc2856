namespace RolloutLab.Engine;

/// <summary>
/// Where responses branch: a strategy of making the rollouts of a prompt. It sees token ids, counts and the
/// probabilities of the most probable tokens, never a tensor. Immutable; one serves all prompts of a run.
/// </summary>
public interface IBranchPolicy
{
    /// <summary>How many of the most probable tokens it looks at where it decides; 0 for none.</summary>
    int TopTokens { get; }

    /// <summary>Begins one round of rollouts: the growers of its groups, in order.</summary>
    /// <param name="step">Training step, from 1.</param>
    /// <param name="leaves">Responses wanted of each group, at least 1 each.</param>
    IReadOnlyList<ITreeGrower> Begin(long step, IReadOnlyList<int> leaves);
}
