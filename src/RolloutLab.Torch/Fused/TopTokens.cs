namespace RolloutLab.Torch;

/// <summary>
/// Where <see cref="fused.sample"/> writes the M most probable tokens of each draw's row: spans of <c>[R, M]</c>, the
/// most probable first, the lower id among equals. M is the spans' length by the number of draws; empty spans ask for none.
/// </summary>
public readonly ref struct TopTokens
{
    /// <summary>The tokens; -1 where the vocabulary has fewer than M.</summary>
    public Span<int> TokenIds { get; init; }

    /// <summary>Their probabilities at temperature 1, unfiltered.</summary>
    public Span<float> Probabilities { get; init; }

    /// <summary>Their log-probabilities at the draw's temperature (1 where that is 0), unfiltered.</summary>
    public Span<float> LogProbs { get; init; }
}
