namespace RolloutLab.Core;

/// <summary>A prompt and what follows it, to be scored.</summary>
/// <param name="PromptIds">Token ids before it, at least one.</param>
/// <param name="ResponseIds">Token ids to score, <c>[n]</c>; may be empty.</param>
public readonly record struct Continuation(int[] PromptIds, int[] ResponseIds);

/// <summary>What a model makes of a continuation.</summary>
/// <param name="LogProbs">Log-probability of each token given those before it, at the sampling temperature, <c>[n] float32</c>.</param>
/// <param name="SquaredProbs">Sum of the squared probabilities of the whole vocabulary at each token, <c>[n] float32</c>; empty unless asked for.</param>
public readonly record struct SequenceScore(float[] LogProbs, float[] SquaredProbs);

/// <summary>Scores sequences with a model as it is now, without gradients.</summary>
public interface ISequenceScorer
{
    /// <summary>One score for each sequence, in their order; it does not depend on what is scored beside it but for rounding.</summary>
    /// <param name="sequences">What to score.</param>
    /// <param name="withSquares">Whether squared probabilities are wanted.</param>
    IReadOnlyList<SequenceScore> Score(IReadOnlyList<Continuation> sequences, bool withSquares = false);
}
