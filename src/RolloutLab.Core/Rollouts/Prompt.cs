namespace RolloutLab.Core;

/// <summary>One problem of a prompt set, already tokenized.</summary>
/// <param name="Index">Position in its prompt set, from 0; keys the random streams.</param>
/// <param name="Id">Stable identifier, unique in its prompt set.</param>
/// <param name="Text">The text the policy continues.</param>
/// <param name="TokenIds">Token ids of <paramref name="Text"/>, never empty.</param>
/// <param name="Answer">What the verifier compares with (a number, a Countdown problem, ...).</param>
public sealed record Prompt(int Index, string Id, string Text, int[] TokenIds, string Answer)
{
    /// <summary>
    /// Indices of the prompts whose solved examples stand before the question in <see cref="Text"/>, in their order there;
    /// empty for a prompt as its set has it.
    /// </summary>
    public int[] Examples { get; init; } = [];

    /// <summary>Further fields of its row that the recipe asks for, as one JSON object; null for none. For verifiers and logs.</summary>
    public string? Extra { get; init; }
}
