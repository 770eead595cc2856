using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>What advantages are divided by.</summary>
public enum AdvantageNormalization
{
    /// <summary>The standard deviation of the group's rewards (GRPO, arXiv 2402.03300).</summary>
    GroupStd,

    /// <summary>Nothing (Dr. GRPO, arXiv 2503.20783).</summary>
    None,

    /// <summary>The standard deviation of the whole step's rewards.</summary>
    BatchStd,
}

/// <summary>The advantage of a rollout that is alone in its group.</summary>
public enum SingletonAdvantage
{
    /// <summary>0: a group of one says nothing.</summary>
    Zero,

    /// <summary>Its reward: a baseline of 0.</summary>
    Reward,
}

/// <summary>What the sum of normalised rewards is whitened over.</summary>
public enum GdpoWhitening
{
    /// <summary>The step's tokens (verl).</summary>
    Tokens,

    /// <summary>The step's rollouts (TRL).</summary>
    Rollouts,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>How rewards become advantages.</summary>
public abstract record AdvantageSection
{
    /// <summary>Sharpens the advantages of novel right answers (XRPO, arXiv 2510.06672); null for not.</summary>
    public NoveltySection? Novelty { get; init; }

    internal static AdvantageSection Read(SectionReader r)
    {
        var section = r.Variant<AdvantageSection>(
            "How rewards become advantages.",
            "grpo",
            ("grpo", ReadGrpo),
            ("dr_grpo", s => new GrpoAdvantageSection { Normalize = AdvantageNormalization.None, Epsilon = 0, Singleton = ReadSingleton(s) }),
            ("rloo", s => new RlooAdvantageSection
            {
                Normalize = s.Flag("normalize", false, "Standardise the advantages over the step."), Singleton = ReadSingleton(s),
            }),
            ("opo", _ => new OpoAdvantageSection()),
            ("gpg", s => new GpgAdvantageSection { Norm = s.Number("norm", 1, Above(0), "Divides the advantages.") }),
            ("pass_at_k", s => new PassAtKAdvantageSection
            {
                Normalize = s.Flag("normalize", true, "Divide by the group's standard deviation."), Epsilon = ReadEpsilon(s),
            }),
            ("max_rl", _ => new MaxRlAdvantageSection()),
            ("rae", s => new RaeAdvantageSection { Decay = s.Number("decay", 0.95, AtLeastBelow(0, 1), "Share of the running mean that stays.") }),
            ("gdpo", s => new GdpoAdvantageSection
            {
                Epsilon = ReadEpsilon(s),
                Whiten = s.Choice(
                    "whiten", GdpoWhitening.Tokens, "What the sum of normalised rewards is whitened over.",
                    ("tokens", GdpoWhitening.Tokens), ("rollouts", GdpoWhitening.Rollouts), ("none", GdpoWhitening.None)),
            }),
            ("reinforce_plus_plus", s => new ReinforcePlusPlusAdvantageSection
            {
                Gamma = s.Number("gamma", 1, AboveAtMost(0, 1), "Discount of the reward for each token before the last."),
            }),
            ("reinforce_plus_plus_baseline", s => new ReinforcePlusPlusBaselineAdvantageSection { Singleton = ReadSingleton(s) }),
            ("remax", _ => new RemaxAdvantageSection()),
            ("optimal_token_baseline", s => new OptimalTokenBaselineAdvantageSection
            {
                ZeroTail = s.Flag("zero_tail", false, "Baseline 0 where only the longest rollout reaches."),
            }),
            ("spo", s => new SpoAdvantageSection { Decay = s.Number("decay", 0.875, AtLeastBelow(0, 1), "Share of a prompt's evidence that stays from step to step.") }),
            ("tree", s => new TreeAdvantageSection { Normalize = ReadNormalize(s), Epsilon = ReadEpsilon(s) }));
        return section with
        {
            Novelty = r.OptionalSection("novelty", "Sharpens the advantages of novel right answers (XRPO).", NoveltySection.Read),
        };
    }

    private static GrpoAdvantageSection ReadGrpo(SectionReader r) =>
        new() { Normalize = ReadNormalize(r), Epsilon = ReadEpsilon(r), Singleton = ReadSingleton(r) };

    private static AdvantageNormalization ReadNormalize(SectionReader r) => r.Choice(
        "normalize", AdvantageNormalization.GroupStd, "What reward minus baseline is divided by.",
        ("group_std", AdvantageNormalization.GroupStd),
        ("none", AdvantageNormalization.None),
        ("batch_std", AdvantageNormalization.BatchStd));

    private static double ReadEpsilon(SectionReader r) => r.Number("epsilon", 1e-6, AtLeast(0), "Added to the standard deviation.");

    private static SingletonAdvantage ReadSingleton(SectionReader r) => r.Choice(
        "singleton", SingletonAdvantage.Zero, "Advantage of a rollout alone in its group: 0 or its reward.",
        ("zero", SingletonAdvantage.Zero), ("reward", SingletonAdvantage.Reward));
}

/// <summary>Novelty sharpening of XRPO (arXiv 2510.06672): right answers that the policy thought unlikely count more.</summary>
public sealed record NoveltySection
{
    /// <summary>λ: gain of the bonus; at least 0.</summary>
    public required double Gain { get; init; }

    /// <summary>κ: the bonus is at most this share of the advantage; at least 0.</summary>
    public required double Cap { get; init; }

    internal static NoveltySection Read(SectionReader r) => new()
    {
        Gain = r.Number("gain", 2.5, AtLeast(0), "Gain of the bonus for an answer less likely than its group's mean."),
        Cap = r.Number("cap", 0.5, AtLeast(0), "The bonus is at most this share of the advantage."),
    };
}
