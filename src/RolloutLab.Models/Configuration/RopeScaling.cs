namespace RolloutLab.Models;

/// <summary>How rotary frequencies are stretched for contexts longer than those a model was first trained on.</summary>
public enum RopeScalingType
{
    /// <summary>Every frequency divided by the factor (position interpolation, arXiv 2306.15595).</summary>
    Linear,

    /// <summary>
    /// A base that grows with a sequence once it exceeds <c>max_position_embeddings</c> (NTK-aware scaling). No sequence here
    /// does, so within its range it is the plain rotation.
    /// </summary>
    Dynamic,

    /// <summary>Llama 3.1: long waves divided by the factor, short ones kept, a ramp between (arXiv 2407.21783).</summary>
    Llama3,

    /// <summary>YaRN: interpolated and plain frequencies mixed by dimension, and hotter attention (arXiv 2309.00071).</summary>
    Yarn,
}

/// <summary>
/// The <c>rope_scaling</c> of a <c>config.json</c>, with the names it has there. Only the values of its type count; the
/// others stay null.
/// </summary>
/// <param name="Type">The kind.</param>
/// <param name="Factor">Stretch of the context; at least 1.</param>
public sealed record RopeScaling(RopeScalingType Type, double Factor)
{
    /// <summary>Positions the model was first trained on; of Llama 3 and YaRN, where null means <c>max_position_embeddings</c>.</summary>
    public int? OriginalMaxPositions { get; init; }

    /// <summary>Llama 3: waves longer than the original context over this are divided by the factor; positive.</summary>
    public double? LowFrequencyFactor { get; init; }

    /// <summary>Llama 3: waves shorter than the original context over this are kept; above the low one.</summary>
    public double? HighFrequencyFactor { get; init; }

    /// <summary>YaRN: dimensions that turn more often than this in the original context are kept; positive.</summary>
    public double? BetaFast { get; init; }

    /// <summary>YaRN: dimensions that turn less often than this are divided by the factor; positive.</summary>
    public double? BetaSlow { get; init; }

    /// <summary>YaRN: factor on cosines and sines; null for 0.1·ln(factor) + 1, or as the two below say.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>YaRN: with <see cref="MscaleAllDim"/>, the factor on cosines and sines is the ratio of both.</summary>
    public double? Mscale { get; init; }

    /// <summary>YaRN: see <see cref="Mscale"/>.</summary>
    public double? MscaleAllDim { get; init; }

    /// <summary>YaRN: whether the two dimensions between which frequencies are mixed are rounded outwards; null for true.</summary>
    public bool? Truncate { get; init; }

    /// <summary>The first value that is out of range, by its key with the reason, or null.</summary>
    internal (string Key, string Reason)? FindProblem() => this switch
    {
        { Factor: not (>= 1 and < double.PositiveInfinity) } => ("factor", $"{Factor} is not a number of at least 1"),
        { OriginalMaxPositions: < 1 } => ("original_max_position_embeddings", $"{OriginalMaxPositions} is not positive"),
        { Type: RopeScalingType.Llama3, LowFrequencyFactor: not (> 0) } => ("low_freq_factor", $"{LowFrequencyFactor} is not positive"),
        { Type: RopeScalingType.Llama3 } when !(HighFrequencyFactor > LowFrequencyFactor && double.IsFinite(HighFrequencyFactor.Value)) =>
            ("high_freq_factor", $"{HighFrequencyFactor} is not above low_freq_factor {LowFrequencyFactor}"),
        { BetaFast: not (null or > 0) } => ("beta_fast", $"{BetaFast} is not positive"),
        { BetaSlow: not (null or > 0) } => ("beta_slow", $"{BetaSlow} is not positive"),
        { AttentionFactor: not (null or > 0) } => ("attention_factor", $"{AttentionFactor} is not positive"),
        _ => null,
    };
}
