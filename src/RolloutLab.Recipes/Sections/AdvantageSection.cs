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

/// <summary>How rewards become advantages.</summary>
public abstract record AdvantageSection
{
    internal static AdvantageSection Read(SectionReader r) => r.Variant<AdvantageSection>(
        "How rewards become advantages.",
        "grpo",
        ("grpo", s => new GrpoAdvantageSection
        {
            Normalize = s.Choice(
                "normalize", AdvantageNormalization.GroupStd, "What reward minus group mean is divided by.",
                ("group_std", AdvantageNormalization.GroupStd),
                ("none", AdvantageNormalization.None),
                ("batch_std", AdvantageNormalization.BatchStd)),
            Epsilon = s.Number("epsilon", 1e-6, AtLeast(0), "Added to the standard deviation."),
            Singleton = s.Choice(
                "singleton", SingletonAdvantage.Zero, "Advantage of a rollout alone in its group: 0 or its reward.",
                ("zero", SingletonAdvantage.Zero), ("reward", SingletonAdvantage.Reward)),
        }));
}

/// <summary>Reward minus the mean of the rollout's own group (arXiv 2402.03300).</summary>
public sealed record GrpoAdvantageSection : AdvantageSection
{
    /// <summary>What the difference is divided by.</summary>
    public required AdvantageNormalization Normalize { get; init; }

    /// <summary>Added to the standard deviation.</summary>
    public required double Epsilon { get; init; }

    /// <summary>The advantage of a rollout that is alone in its group.</summary>
    public required SingletonAdvantage Singleton { get; init; }
}
