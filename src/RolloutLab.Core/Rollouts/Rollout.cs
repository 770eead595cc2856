namespace RolloutLab.Core;

/// <summary>Why a rollout ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token was produced; it is the last token of the rollout.</summary>
    Stop,

    /// <summary>The response or context limit was reached first: the rollout is truncated.</summary>
    Length,
}

/// <summary>How a response token came to be.</summary>
public enum TokenOrigin : byte
{
    /// <summary>Drawn from the policy's (temperature-scaled, truncated) distribution.</summary>
    Sampled,

    /// <summary>Put there by a branch policy that forked on a token other than the most probable one.</summary>
    Forced,

    /// <summary>Put there by a branch policy as the most probable token.</summary>
    Greedy,
}

/// <summary>One sampled response to a prompt.</summary>
public sealed record Rollout
{
    /// <summary>Index inside its group, from 0; keys the random streams.</summary>
    public required int Index { get; init; }

    /// <summary>Response token ids, <c>[n]</c>, the stop token included.</summary>
    public required int[] TokenIds { get; init; }

    /// <summary>
    /// Behaviour log-probabilities, <c>[n] float32</c>: of the temperature-scaled distribution the token was drawn
    /// from, after top-k, top-p and min-p; of a token that was not drawn, in the temperature-scaled distribution itself.
    /// </summary>
    public required float[] LogProbs { get; init; }

    /// <summary>How each token came to be, <c>[n]</c>; empty when every token was sampled.</summary>
    public TokenOrigin[] Origins { get; init; } = [];

    /// <summary>
    /// <see cref="Index"/> of the rollout it branched from, which stands before it in its group; -1 when it has nothing
    /// but the prompt in common with those before it.
    /// </summary>
    public int Parent { get; init; } = -1;

    /// <summary>
    /// Response tokens that are the parent's: the same tokens, computed once. In [0, Length]; 0 without a parent. The
    /// token after them is the rollout's own, even where the parent went on with an equal one.
    /// </summary>
    public int SharedLength { get; init; }

    /// <summary>
    /// The prompt it was sampled from, and is trained on, where that is another than its group's: the same question asked
    /// differently. Null where it is the group's.
    /// </summary>
    public Prompt? SampledFrom { get; init; }

    /// <summary>
    /// Tokens that the model had to compute for it: its response tokens after the fork, and the prompt's too for the first
    /// of its prompt in a round. Work that was repeated is not counted. -1 where the source does not know.
    /// </summary>
    public int TokensComputed { get; init; } = -1;

    /// <summary>Seconds from the start of its round until its last token; NaN where the source does not know.</summary>
    public float WallSeconds { get; init; } = float.NaN;

    /// <summary>The decoded response without the stop token.</summary>
    public required string Text { get; init; }

    /// <summary>Why generation ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>Version of the policy that sampled it.</summary>
    public required long PolicyVersion { get; init; }

    /// <summary>Number of response tokens.</summary>
    public int Length => TokenIds.Length;
}
