using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>What to do with a prompt that is longer than the model takes. It is never truncated.</summary>
public enum OverlongPolicy
{
    /// <summary>Refuse the file.</summary>
    Error,

    /// <summary>Leave the prompt out and count it.</summary>
    Skip,
}

/// <summary>Limits of a prompt set.</summary>
public sealed record PromptSetOptions
{
    /// <summary>Longest prompt in tokens, at least 1.</summary>
    public required int MaxPromptTokens { get; init; }

    /// <summary>What to do with longer prompts.</summary>
    public OverlongPolicy Overlong { get; init; } = OverlongPolicy.Error;

    /// <summary>Number of prompts to take from the start of the file; null takes all.</summary>
    public int? Limit { get; init; }
}

/// <summary>Problems to make rollouts for.</summary>
/// <param name="Name">Name in metrics and messages.</param>
/// <param name="Prompts">The prompts; <c>Prompts[i].Index</c> is i, ids are unique; never empty.</param>
/// <param name="Skipped">Prompts left out because they were too long.</param>
public sealed record PromptSet(string Name, IReadOnlyList<Prompt> Prompts, int Skipped);
