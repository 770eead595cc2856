namespace RolloutLab.Runs;

/// <summary>The rollout tree of one prompt in one step, as a run keeps it to be looked at.</summary>
public sealed record KeptTree
{
    /// <summary>Training step.</summary>
    public required long Step { get; init; }

    /// <summary>Identifier of the prompt.</summary>
    public required string PromptId { get; init; }

    /// <summary>Text of the prompt.</summary>
    public required string Prompt { get; init; }

    /// <summary>Forks that found no place.</summary>
    public required int Suppressed { get; init; }

    /// <summary>Response tokens when the tree first was full; -1 when it never was.</summary>
    public required int SaturatedAt { get; init; }

    /// <summary>Every row there was, parents before their forks.</summary>
    public required IReadOnlyList<KeptBranch> Branches { get; init; }
}

/// <summary>One row of a kept tree.</summary>
public sealed record KeptBranch
{
    /// <summary>Position of the row it forked from; -1 for the prompt.</summary>
    public required int Parent { get; init; }

    /// <summary>Response tokens it has in common with that row.</summary>
    public required int ForkPosition { get; init; }

    /// <summary>Probability of the token it forked on, or of the one its parent had there; null for a root.</summary>
    public required float? ForkProbability { get; init; }

    /// <summary>How it began: <c>root</c>, <c>forced</c>, <c>sampled</c> or <c>fill</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Response tokens when it ended or was removed.</summary>
    public required int Length { get; init; }

    /// <summary>Why it was removed; null for a leaf.</summary>
    public required string? RemovedFor { get; init; }

    /// <summary>Index of the rollout it became; -1 when it was removed.</summary>
    public required int Rollout { get; init; }

    /// <summary>Reward of that rollout; null without one.</summary>
    public required float? Reward { get; init; }

    /// <summary>The verdict: <c>correct</c>, <c>wrong</c>, <c>malformed</c> or <c>fault</c>; null when it was removed.</summary>
    public required string? Status { get; init; }

    /// <summary>The answer the verifier found; null for none.</summary>
    public required string? Answer { get; init; }

    /// <summary>Text of its own tokens, those after the fork.</summary>
    public required string Text { get; init; }
}
