using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>What to do with a row that cannot be a prompt. It is never changed to fit.</summary>
public enum DropPolicy
{
    /// <summary>Refuse the file.</summary>
    Error,

    /// <summary>Leave the row out and count it.</summary>
    Skip,
}

/// <summary>Limits of a prompt set.</summary>
public sealed record PromptSetOptions
{
    /// <summary>Longest prompt in tokens, at least 1.</summary>
    public required int MaxPromptTokens { get; init; }

    /// <summary>What to do with longer prompts.</summary>
    public DropPolicy Overlong { get; init; } = DropPolicy.Error;

    /// <summary>What to do with rows whose prompt or answer is null or empty.</summary>
    public DropPolicy Incomplete { get; init; } = DropPolicy.Error;

    /// <summary>Prompts of more tokens leave less room for a response than is asked for, and are counted; null counts none.</summary>
    public int? RoomyTokens { get; init; }

    /// <summary>Number of prompts to take from the start of the files; null takes all.</summary>
    public int? Limit { get; init; }

    /// <summary>
    /// Most bytes of prompts kept in memory. A larger set keeps where its rows are, 12 bytes each, and reads a prompt when it is
    /// asked for.
    /// </summary>
    public long ResidentBytes { get; init; } = 64L << 20;
}

/// <summary>Problems to make rollouts for.</summary>
/// <param name="Name">Name in metrics and messages.</param>
/// <param name="Prompts">The prompts; <c>Prompts[i].Index</c> is i, ids are unique; never empty.</param>
public sealed record PromptSet(string Name, IReadOnlyList<Prompt> Prompts) : IDisposable
{
    private readonly PromptSetSummary? _summary;

    /// <summary>What was read and what was left out.</summary>
    public PromptSetSummary Summary
    {
        get => _summary ?? PromptSetSummary.Of(Prompts);
        init => _summary = value;
    }

    /// <summary>Closes what prompts are read from, where they are not in memory.</summary>
    public void Dispose() => (Prompts as IDisposable)?.Dispose();
}
