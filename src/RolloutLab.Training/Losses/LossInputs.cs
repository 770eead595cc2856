namespace RolloutLab.Training;

/// <summary>
/// What a policy loss sees: M trained tokens of S sequences, flat, the tokens of a sequence side by side in their order.
/// All spans are <c>[M]</c> and in float64: micro-batches of training are widened, parity batches are exact. Sequences
/// are never split, so their sums can be taken here; denominators are already in <see cref="Weights"/>.
/// </summary>
public readonly ref struct LossInputs
{
    /// <summary>Log-probabilities ℓ under the policy being trained: what the gradient is taken with respect to.</summary>
    public required ReadOnlySpan<double> LogProbs { get; init; }

    /// <summary>Log-probabilities ℓ° that the importance ratio is taken against.</summary>
    public required ReadOnlySpan<double> OldLogProbs { get; init; }

    /// <summary>Log-probabilities μ under the engine that sampled; the same as <see cref="OldLogProbs"/> where nothing else is known.</summary>
    public required ReadOnlySpan<double> RolloutLogProbs { get; init; }

    /// <summary>Log-probabilities ρ under the frozen reference; empty when there is none.</summary>
    public ReadOnlySpan<double> RefLogProbs { get; init; }

    /// <summary>Entropy of the distribution at each token, in nats; empty when unknown.</summary>
    public ReadOnlySpan<double> Entropy { get; init; }

    /// <summary>Advantages.</summary>
    public required ReadOnlySpan<double> Advantages { get; init; }

    /// <summary>Weight of each token in the sum that is the loss: aggregation, global denominator and rollout weight in one.</summary>
    public required ReadOnlySpan<double> Weights { get; init; }

    /// <summary>
    /// Detached factor of each token's policy loss: the importance weight between engine and trainer, and the masks;
    /// empty when all are 1.
    /// </summary>
    public ReadOnlySpan<double> Correction { get; init; }

    /// <summary>Whether the corrections of a sequence are one factor, the same for all its tokens.</summary>
    public bool IsCorrectionPerSequence { get; init; }

    /// <summary>Boundaries of the sequences, <c>[S+1]</c>, from 0 to M; a sequence may be empty.</summary>
    public required ReadOnlySpan<int> CuSeqLens { get; init; }

    /// <summary>Number of tokens M.</summary>
    public int TokenCount => LogProbs.Length;

    /// <summary>Number of sequences S.</summary>
    public int SequenceCount => CuSeqLens.Length - 1;

    /// <summary>The factor of a token.</summary>
    public double CorrectionOf(int token) => Correction.IsEmpty ? 1 : Correction[token];

    /// <summary>What a token's loss counts in the sum.</summary>
    public double FactorOf(int token) => Weights[token] * CorrectionOf(token);
}
