using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>How token losses become one number; every denominator is of the whole optimizer step.</summary>
public enum LossAggregation
{
    /// <summary>Mean over all tokens (DAPO, arXiv 2503.14476).</summary>
    TokenMean,

    /// <summary>Mean over sequences of each one's token mean (GRPO, arXiv 2402.03300).</summary>
    SeqMeanTokenMean,

    /// <summary>Mean over sequences of each one's token sum.</summary>
    SeqMeanTokenSum,

    /// <summary>Mean over sequences of token sums divided by the longest response allowed (Dr. GRPO, arXiv 2503.20783).</summary>
    SeqMeanTokenSumNorm,

    /// <summary>Sum over all tokens.</summary>
    TokenSum,
}

/// <summary>Whether a sequence without any trained token counts as one in means over sequences.</summary>
public enum EmptySequences
{
    /// <summary>It does not (verl).</summary>
    Exclude,

    /// <summary>It counts, with a loss of 0 (TRL).</summary>
    Count,
}

/// <summary>Where the old log-probabilities of the importance ratio come from.</summary>
public enum OldLogProbsSource
{
    /// <summary>The engine that sampled the rollout.</summary>
    Rollout,

    /// <summary>The trainer, in a pass of its own before the first optimizer step of a rollout batch.</summary>
    Recompute,
}

/// <summary>What the update minimises: a policy loss, how it is summed, and the terms beside it.</summary>
public sealed record LossSection
{
    /// <summary>The policy loss and its own keys.</summary>
    public required PolicyLossSection Policy { get; init; }

    /// <summary>How token losses become one number.</summary>
    public required LossAggregation Aggregation { get; init; }

    /// <summary>Whether sequences without a trained token count in means over sequences.</summary>
    public EmptySequences EmptySequences { get; init; }

    /// <summary>The constant length of <see cref="LossAggregation.SeqMeanTokenSumNorm"/>; 0 for the response limit.</summary>
    public int ScaleLength { get; init; }

    /// <summary>Where the old log-probabilities come from.</summary>
    public OldLogProbsSource OldLogProbs { get; init; }

    /// <summary>The divergence from the reference model.</summary>
    public KlSection Kl { get; init; } = KlSection.Off;

    /// <summary>Weight of the entropy that is rewarded; 0 for none.</summary>
    public double EntropyCoefficient { get; init; }

    /// <summary>Share of the tokens, those of highest entropy, that the policy loss keeps (arXiv 2506.01939); in (0, 1].</summary>
    public double TopEntropyQuantile { get; init; } = 1;

    /// <summary>
    /// A sequence of negative advantage whose policy has moved further than this, in mean log-probability a token, is left
    /// out (DeepSeek-V3.2); 0 for no such bound.
    /// </summary>
    public double OffPolicyThreshold { get; init; }

    /// <summary>What makes up for the difference between engine and trainer; null for nothing.</summary>
    public CorrectionSection? Correction { get; init; }

    /// <summary>
    /// Whether a rollout of advantage 0 must be computed: some term of the loss has a gradient without an advantage, or looks
    /// at all tokens of the optimizer step.
    /// </summary>
    public bool NeedsEveryRollout =>
        Kl is { Coefficient: > 0, Placement: KlPlacement.Loss } || EntropyCoefficient != 0 || TopEntropyQuantile < 1
        || Correction is { Normalize: true } or { Reject.Count: > 0 }
        || Policy is DroLossSection or IpoLossSection { KlTau: > 0 } or ClipCovLossSection or KlCovLossSection;

    internal static LossSection Read(SectionReader r)
    {
        var policy = PolicyLossSection.Read(r);
        var section = new LossSection
        {
            Policy = policy,
            Aggregation = r.DerivedChoice(
                "aggregation", policy.DefaultAggregation, "that of the loss", "How token losses become one number.",
                ("token_mean", LossAggregation.TokenMean),
                ("seq_mean_token_mean", LossAggregation.SeqMeanTokenMean),
                ("seq_mean_token_sum", LossAggregation.SeqMeanTokenSum),
                ("seq_mean_token_sum_norm", LossAggregation.SeqMeanTokenSumNorm),
                ("token_sum", LossAggregation.TokenSum)),
            EmptySequences = r.Choice(
                "empty_sequences", EmptySequences.Exclude,
                "Whether sequences without a trained token count in means over sequences: left out (verl), or counted with a loss of 0 (TRL).",
                ("exclude", EmptySequences.Exclude), ("count", EmptySequences.Count)),
            ScaleLength = r.Integer(
                "scale_length", 0, AtLeast(0), "Length that seq_mean_token_sum_norm divides by; 0 for rollout.max_new_tokens."),
            OldLogProbs = r.Choice(
                "old_log_probs", OldLogProbsSource.Rollout,
                "Old log-probs of the importance ratio: the engine's, or recomputed by the trainer before the first optimizer step.",
                ("rollout", OldLogProbsSource.Rollout), ("recompute", OldLogProbsSource.Recompute)),
            Kl = KlSection.Read(r),
            EntropyCoefficient = r.Number("entropy_coefficient", 0, AtLeast(0), "Weight of the entropy that is rewarded."),
            TopEntropyQuantile = r.Number(
                "top_entropy_quantile", 1, AboveAtMost(0, 1), "Share of the tokens, those of highest entropy, that the policy loss keeps."),
            OffPolicyThreshold = r.Number(
                "off_policy_threshold", 0, AtLeast(0),
                "Leaves out sequences of negative advantage whose mean log-prob has fallen by more than this since sampling; 0 for none."),
            Correction = r.OptionalSection(
                "correction", "What makes up for the difference between engine and trainer log-probs.", CorrectionSection.Read),
        };
        LossRules.Check(r, section);
        return section;
    }
}
