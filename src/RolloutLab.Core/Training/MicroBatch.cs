namespace RolloutLab.Core;

/// <summary>
/// Sequences laid end to end without padding: T tokens, S sequences. All <c>[T]</c> arrays are aligned to the token
/// they describe, so entry t of <see cref="OldLogProbs"/> is the log-probability of token t given the tokens before it.
/// </summary>
public sealed record MicroBatch
{
    /// <summary>Token ids, <c>[T]</c>.</summary>
    public required int[] InputIds { get; init; }

    /// <summary>Position of each token in its sequence, <c>[T]</c>.</summary>
    public required int[] PositionIds { get; init; }

    /// <summary>Sequence boundaries, <c>[S+1]</c>, from 0 to T.</summary>
    public required int[] CuSeqLens { get; init; }

    /// <summary>1 for tokens that enter the loss, 0 for prompts and masked tokens, <c>[T]</c>; the first token of a sequence is always 0.</summary>
    public required float[] LossMask { get; init; }

    /// <summary>Advantage of each token, <c>[T]</c>; 0 where the mask is 0.</summary>
    public required float[] Advantages { get; init; }

    /// <summary>Behaviour log-probabilities, <c>[T]</c>; 0 where the mask is 0.</summary>
    public required float[] OldLogProbs { get; init; }

    /// <summary>
    /// Weight of each token in the sum that is the loss, <c>[T]</c>: aggregation, global denominator and rollout weight
    /// in one number, fixed for the whole optimizer step before packing; 0 where the mask is 0.
    /// </summary>
    public required float[] LossWeights { get; init; }

    /// <summary>Number of tokens T.</summary>
    public int TokenCount => InputIds.Length;

    /// <summary>Number of sequences S.</summary>
    public int SequenceCount => CuSeqLens.Length - 1;
}

/// <summary>One optimizer step's worth of micro-batches.</summary>
/// <param name="MicroBatches">In order; empty when nothing carries a gradient.</param>
/// <param name="LossTokens">Tokens in the global denominator.</param>
/// <param name="Sequences">Sequences in the global denominator.</param>
public sealed record OptimizerBatch(IReadOnlyList<MicroBatch> MicroBatches, long LossTokens, long Sequences);
