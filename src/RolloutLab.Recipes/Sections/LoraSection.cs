using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>A low-rank adapter (LoRA, arXiv 2106.09685) that is trained in place of the model's weights.</summary>
public sealed record LoraSection
{
    /// <summary>Rank of every update.</summary>
    public required int Rank { get; init; }

    /// <summary>Scale of the update: alpha / rank, or alpha / √rank with <see cref="RankStabilised"/>.</summary>
    public required double Alpha { get; init; }

    /// <summary>Probability that an element of an adapter's input is dropped in training.</summary>
    public required double Dropout { get; init; }

    /// <summary>The adapted maps of every layer, by the last word of their names.</summary>
    public required ValueList<string> Targets { get; init; }

    /// <summary>Whether the scale is alpha / √rank (arXiv 2312.03732).</summary>
    public required bool RankStabilised { get; init; }

    internal static LoraSection Read(SectionReader r)
    {
        var rank = r.Integer("rank", 16, Between(1, 1 << 16), "Rank of the update of each map.");
        return new LoraSection
        {
            Rank = rank,
            Alpha = r.Number("alpha", 2.0 * rank, Above(0), "The update is scaled by alpha / rank.", "2 * rank"),
            Dropout = r.Number("dropout", 0, AtLeastBelow(0, 1), "Probability that an element of an adapter's input is dropped in training, in steps of 2^-16."),
            Targets = r.Words(
                "targets", "all_linear", "The linear maps that are adapted, in every layer; all_linear for all of them.",
                "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
            RankStabilised = r.Flag("rslora", false, "Scale by alpha / sqrt(rank) instead (rank-stabilised LoRA)."),
        };
    }
}
