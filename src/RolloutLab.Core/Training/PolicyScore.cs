using System.Text.Json.Serialization;

namespace RolloutLab.Core;

/// <summary>What a policy scored; null where it was not measured.</summary>
public sealed record PolicyScore
{
    /// <summary>Mean share of right answers, in [0, 1].</summary>
    [JsonPropertyName("pass_at_1")]
    public double? PassAt1 { get; init; }

    /// <summary>Unbiased estimate of the share of problems solved at least once in 16 tries, in [0, 1].</summary>
    [JsonPropertyName("pass_at_16")]
    public double? PassAt16 { get; init; }

    /// <summary>Share of problems whose majority answer of 16 is right, in [0, 1].</summary>
    [JsonPropertyName("maj_at_16")]
    public double? MajAt16 { get; init; }

    /// <summary>Mean response length in tokens.</summary>
    [JsonPropertyName("response_length")]
    public double? ResponseLength { get; init; }

    /// <summary>Mean loss per token in nats, of supervised fine-tuning.</summary>
    [JsonPropertyName("loss")]
    public double? Loss { get; init; }
}
