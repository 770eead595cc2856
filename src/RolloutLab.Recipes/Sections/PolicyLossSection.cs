using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>The policy loss: its type and its own keys.</summary>
public abstract record PolicyLossSection
{
    /// <summary>The name of the type in recipes.</summary>
    public abstract string Name { get; }

    /// <summary>The aggregation of the paper or code it comes from, unless the recipe names another.</summary>
    public virtual LossAggregation DefaultAggregation => LossAggregation.TokenMean;

    /// <summary>Whether its importance ratio is one of whole sequences.</summary>
    public virtual bool IsSequenceLevel => false;

    internal static PolicyLossSection Read(SectionReader r) => r.Variant<PolicyLossSection>(
        "What the update minimises.",
        "vanilla",
        ("vanilla", s => new VanillaLossSection { ClipLow = ReadClipLow(s), ClipHigh = ReadClipHigh(s), DualClip = ReadDualClip(s) }),
        ("gppo", GppoLossSection.ReadOwn),
        ("gspo", s => new GspoLossSection { ClipLow = ReadClipLow(s), ClipHigh = ReadClipHigh(s) }),
        ("luspo", s => new LuspoLossSection { ClipLow = ReadClipLow(s), ClipHigh = ReadClipHigh(s) }),
        ("gmpo", s => new GmpoLossSection
        {
            ClipLow = s.Number("clip_low", 0.2, AtLeast(0), "The log of the ratio is clipped below at minus this."),
            ClipHigh = s.Number("clip_high", 0.2, AtLeast(0), "The log of the ratio is clipped above at this."),
        }),
        ("cispo", s => new CispoLossSection
        {
            ClipLow = ReadClipLow(s),
            ClipHigh = ReadClipHigh(s),
            RatioCap = s.Number("ratio_cap", 0, AtLeast(0), "Absolute cap of the ratio instead of the two bounds (TRL's epsilon_high); 0 for none."),
        }),
        ("sapo", s => new SapoLossSection
        {
            TauPositive = s.Number("tau_positive", 1, Above(0), "Temperature of the gate where the advantage is positive."),
            TauNegative = s.Number("tau_negative", 1.05, Above(0), "Temperature of the gate elsewhere."),
        }),
        ("vespo", VespoLossSection.ReadOwn),
        ("clip_cov", s => new ClipCovLossSection
        {
            ClipLow = ReadClipLow(s),
            ClipHigh = ReadClipHigh(s),
            CovRatio = s.Number("cov_ratio", 2e-4, Between(0, 1), "Share of the tokens whose loss is taken out, at least one token."),
            CovLow = s.Number("cov_low", 1, AtLeast(0), "Tokens of a covariance above this are candidates."),
            CovHigh = s.Number("cov_high", 5, AtLeast(0), "Tokens of a covariance below this are candidates."),
        }),
        ("kl_cov", s => new KlCovLossSection
        {
            CovRatio = s.Number("cov_ratio", 2e-4, Between(0, 1), "Share of the tokens, those of highest covariance, that are held back, at least one."),
            KlCovCoefficient = s.Number("kl_cov_coefficient", 0.1, AtLeast(0), "Weight of |log-ratio| of those tokens."),
        }),
        ("dppo_tv", s => new DppoTvLossSection { ClipLow = Divergence(s, "clip_low"), ClipHigh = Divergence(s, "clip_high"), RatioCap = RatioCap(s) }),
        ("dppo_kl", s => new DppoKlLossSection { ClipLow = Divergence(s, "clip_low"), ClipHigh = Divergence(s, "clip_high"), RatioCap = RatioCap(s) }),
        ("ipo", s => new IpoLossSection
        {
            Threshold = s.Number("threshold", 0.1, Above(0), "Tokens whose probability has moved further than this have no policy term."),
            AdvantageTau = s.Number("advantage_tau", 1, Above(0), "Weight of the policy term."),
            KlTau = s.Number("kl_tau", 1e-3, AtLeast(0), "Weight of the squared log-ratio to the rollout policy."),
        }),
        ("dro", s => new DroLossSection { Beta = s.Number("beta", null, Above(0), "Weight of half the squared log-ratio to the old policy.") }),
        ("gpg", _ => new GpgLossSection()),
        ("reinforce", _ => new ReinforceLossSection()));

    internal static double ReadClipLow(SectionReader r) =>
        r.Number("clip_low", 0.2, AtLeastBelow(0, 1), "The importance ratio is clipped below at 1 minus this.");

    internal static double ReadClipHigh(SectionReader r) =>
        r.Number("clip_high", 0.2, AtLeast(0), "The importance ratio is clipped above at 1 plus this.");

    internal static double ReadDualClip(SectionReader r) => r.Number(
        "dual_clip", 3, ZeroOrAbove(1), "With a negative advantage the ratio counts at most this much; 0 for no such bound.");

    private static double Divergence(SectionReader r, string key) =>
        r.Number(key, 0.2, AtLeast(0), "Largest divergence, in units of probability, of a token that is still trained.");

    private static double RatioCap(SectionReader r) =>
        r.Number("ratio_cap", 3, Above(0), "The detached importance ratio counts at most this much.");
}
