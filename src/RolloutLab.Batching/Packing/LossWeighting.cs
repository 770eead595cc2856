using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Turns an aggregation mode into one weight per token, so that the loss is a plain weighted sum however the batch is
/// cut: the denominators are counted over the whole optimizer step before anything is packed.
/// </summary>
/// <param name="Aggregation">The mode.</param>
/// <param name="TokenCount">Loss tokens of the optimizer step.</param>
/// <param name="SequenceCount">Sequences with at least one loss token in the optimizer step.</param>
/// <param name="ScaleLength">The constant length of <see cref="LossAggregation.SeqMeanTokenSumNorm"/> (Dr. GRPO): the response limit.</param>
public readonly record struct LossWeighting(LossAggregation Aggregation, long TokenCount, long SequenceCount, int ScaleLength)
{
    /// <summary>Weight of each token of a sequence with this many loss tokens.</summary>
    public double TokenWeight(int sequenceTokens) => Aggregation switch
    {
        LossAggregation.TokenMean => 1.0 / TokenCount,
        LossAggregation.TokenSum => 1.0,
        LossAggregation.SeqMeanTokenSum => 1.0 / SequenceCount,
        LossAggregation.SeqMeanTokenMean => 1.0 / ((double)SequenceCount * sequenceTokens),
        LossAggregation.SeqMeanTokenSumNorm => 1.0 / ((double)SequenceCount * ScaleLength),
        _ => throw new ArgumentOutOfRangeException(nameof(sequenceTokens), Aggregation, "unknown aggregation"),
    };
}
