namespace RolloutLab.Training;

/// <summary>A loss and what it measured.</summary>
/// <param name="Loss">The tokens' share of the optimizer step's loss.</param>
/// <param name="Counts">What it counted over the tokens.</param>
public readonly record struct LossOutputs(double Loss, LossCounts Counts);

/// <summary>What policy losses count, as sums over tokens: the caller divides by the tokens of the whole optimizer step.</summary>
public record struct LossCounts
{
    /// <summary>Tokens whose clipped term was the larger one, or that a loss held back.</summary>
    public double Clipped { get; set; }

    /// <summary>Tokens at the dual clip: negative advantage, ratio beyond its bound.</summary>
    public double ClippedLower { get; set; }

    /// <summary>Tokens of negative advantage whose ratio is below the lower bound.</summary>
    public double BelowLow { get; set; }

    /// <summary>Tokens of positive advantage whose ratio is above the upper bound.</summary>
    public double AboveHigh { get; set; }

    /// <summary>Sum of the importance ratios.</summary>
    public double Ratio { get; set; }

    /// <summary>Notes where a ratio stands to its bounds.</summary>
    public void Observe(double ratio, double low, double high, double advantage)
    {
        Ratio += ratio;
        BelowLow += ratio < low && advantage < 0 ? 1 : 0;
        AboveHigh += ratio > high && advantage > 0 ? 1 : 0;
    }

    /// <summary>Sums of two parts of a batch.</summary>
    public static LossCounts operator +(LossCounts a, LossCounts b) => new()
    {
        Clipped = a.Clipped + b.Clipped,
        ClippedLower = a.ClippedLower + b.ClippedLower,
        BelowLow = a.BelowLow + b.BelowLow,
        AboveHigh = a.AboveHigh + b.AboveHigh,
        Ratio = a.Ratio + b.Ratio,
    };

    /// <summary>Sums of two parts of a batch.</summary>
    public static LossCounts Add(LossCounts a, LossCounts b) => a + b;
}
