namespace RolloutLab.Core;

/// <summary>
/// S sequences laid end to end without padding, as T tokens. A sequence may go on from a prefix of the one before it,
/// so that a tree of sequences, in preorder, holds each token once; its path is that prefix and its own tokens. The
/// loss is a list of L terms, one for each trained token of each sequence: a token shared by several sequences has a
/// term for each.
/// </summary>
public sealed record MicroBatch
{
    /// <summary>Token ids, <c>[T]</c>.</summary>
    public required int[] InputIds { get; init; }

    /// <summary>Place of each token on its path, <c>[T]</c>.</summary>
    public required int[] PositionIds { get; init; }

    /// <summary>Boundaries of the sequences' own tokens, <c>[S+1]</c>, from 0 to T.</summary>
    public required int[] CuSeqLens { get; init; }

    /// <summary>Tokens that each sequence shares with the path of the one before it, <c>[S]</c>; 0 starts a new tree.</summary>
    public required int[] PrefixLengths { get; init; }

    /// <summary>
    /// Index in [0, T) of each term's token, <c>[L]</c>, ascending in the order of the path inside a sequence; never the
    /// first token of a path, which nothing predicts.
    /// </summary>
    public required int[] LossTokens { get; init; }

    /// <summary>Boundaries of the sequences' loss terms, <c>[S+1]</c>, from 0 to L.</summary>
    public required int[] CuLossLens { get; init; }

    /// <summary>Advantage of each term, <c>[L]</c>.</summary>
    public required float[] Advantages { get; init; }

    /// <summary>Behaviour log-probability of each term's token given its path, <c>[L]</c>.</summary>
    public required float[] OldLogProbs { get; init; }

    /// <summary>
    /// Log-probability of each term's token under the policy about to be updated, <c>[L]</c>, where it is known already; null
    /// where it is not.
    /// </summary>
    public float[]? CurrentLogProbs { get; init; }

    /// <summary>
    /// Weight of each term in the sum that is the loss, <c>[L]</c>: aggregation, global denominator and rollout weight
    /// in one number, fixed for the whole optimizer step before packing.
    /// </summary>
    public required float[] LossWeights { get; init; }

    /// <summary>Number of tokens T: those that are computed.</summary>
    public int TokenCount => InputIds.Length;

    /// <summary>Number of sequences S.</summary>
    public int SequenceCount => CuSeqLens.Length - 1;

    /// <summary>Number of loss terms L.</summary>
    public int LossCount => LossTokens.Length;

    /// <summary>Tokens of all paths: those that would be computed if nothing were shared.</summary>
    public long PathTokenCount => TokenCount + PrefixLengths.Sum(p => (long)p);
}
