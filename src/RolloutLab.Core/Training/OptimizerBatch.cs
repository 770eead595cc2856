namespace RolloutLab.Core;

/// <summary>One optimizer step's worth of micro-batches.</summary>
/// <param name="MicroBatches">In order; empty when nothing carries a gradient.</param>
/// <param name="LossTokens">Tokens in the global denominator.</param>
/// <param name="Sequences">Sequences in the global denominator.</param>
public sealed record OptimizerBatch(IReadOnlyList<MicroBatch> MicroBatches, long LossTokens, long Sequences);
