namespace RolloutLab.Models;

/// <summary>
/// A low-rank adapter (LoRA, arXiv 2106.09685): each adapted map x Wᵀ becomes x Wᵀ + s·x AᵀBᵀ with A <c>[r, K]</c> and
/// B <c>[N, r]</c>. Names and meanings are PEFT's.
/// </summary>
public sealed record LoraOptions
{
    /// <summary>Largest rank accepted.</summary>
    public const int MaxRank = 1 << 16;

    /// <summary>The maps an adapter can be put on, in the order in which they lie in a layer.</summary>
    public static IReadOnlyList<string> AllTargets { get; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Rank r of the update; at least 1.</summary>
    public required int Rank { get; init; }

    /// <summary>α of the scaling s.</summary>
    public required double Alpha { get; init; }

    /// <summary>Probability that an element of an adapter's input is dropped in training, in [0, 1); in steps of 2^-16.</summary>
    public double Dropout { get; init; }

    /// <summary>Whether s is α/√r (rsLoRA, arXiv 2312.03732) rather than α/r.</summary>
    public bool IsRankStabilised { get; init; }

    /// <summary>
    /// The adapted maps, each the last words of their names: <c>q_proj</c> for those of all layers, or as much of a name as
    /// singles out one (<c>layers.3.self_attn.q_proj</c>).
    /// </summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>Number of weights of such an adapter.</summary>
    /// <param name="config">The shape of the model.</param>
    public long ParameterCount(ModelConfig config) => LoraLayout.Of(config, Targets).Sum(module => (long)Rank * (module.Rows + module.Columns));

    /// <summary>Numbers that a token's pass through all layers keeps for such an adapter's gradient: x Aᵀ, and with dropout the input with its factors.</summary>
    /// <param name="config">The shape of the model.</param>
    public long ActivationCount(ModelConfig config) =>
        LoraLayout.Of(config, Targets).Sum(module => (long)Rank + (Dropout > 0 ? 2L * module.Columns : 0));

    /// <summary>Most outputs of a matrix in memory of which some map is adapted.</summary>
    /// <param name="config">The shape of the model.</param>
    public int WidestMatrix(ModelConfig config)
    {
        var adapted = LoraLayout.Of(config, Targets).Select(module => module.Matrix + ".weight").ToHashSet();
        return ParameterLayout.Of(config).Where(spec => adapted.Contains(spec.Name)).Select(spec => spec.Rows).DefaultIfEmpty(0).Max();
    }

    /// <summary>The scaling s of the update.</summary>
    public double Scaling => Alpha / (IsRankStabilised ? Math.Sqrt(Rank) : Rank);
}
