using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.Simulation;

/// <summary>A rollout as another program logged it.</summary>
public sealed record ForeignRollout
{
    /// <summary>The step; null where rollouts do not belong to steps.</summary>
    public long? Step { get; init; }

    /// <summary>What names the prompt; null where its text and answer do.</summary>
    public string? PromptId { get; init; }

    /// <summary>Text of the prompt.</summary>
    public required string Prompt { get; init; }

    /// <summary>What a verifier compares with; null where the log does not say.</summary>
    public string? Answer { get; init; }

    /// <summary>Text of the response.</summary>
    public required string Text { get; init; }

    /// <summary>The reward; null where there is none.</summary>
    public double? Reward { get; init; }

    /// <summary>The advantage; null where there is none.</summary>
    public double? Advantage { get; init; }

    /// <summary>Token ids of the prompt; null where the log has text only.</summary>
    public int[]? PromptTokenIds { get; init; }

    /// <summary>Token ids of the response; null where the log has text only.</summary>
    public int[]? TokenIds { get; init; }

    /// <summary>Log-probabilities of those tokens under the policy that sampled them; null where the log has none.</summary>
    public float[]? LogProbs { get; init; }

    /// <summary>Why it ended; a log that does not say means at its end.</summary>
    public FinishReason FinishReason { get; init; }
}

/// <summary>
/// How one program writes its logs. An implementation is one file: it says which rows are its own and reads one of them; files,
/// steps and prompts are put together elsewhere.
/// </summary>
public interface ILogFormat
{
    /// <summary>Its name in a recipe.</summary>
    string Name { get; }

    /// <summary>The columns it reads, for messages.</summary>
    string Columns { get; }

    /// <summary>Whether a log whose first row this is was written by it.</summary>
    bool Fits(JsonlRow row);

    /// <summary>The rollouts of a row: one, or those of several policies.</summary>
    /// <exception cref="DataException">A column is missing or holds something else; the message names file, row and column.</exception>
    IEnumerable<ForeignRollout> Read(JsonlRow row);
}
