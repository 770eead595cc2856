namespace RolloutLab.Recipes;

/// <summary>Reward minus the mean of the rollout's own group (GRPO, arXiv 2402.03300).</summary>
public sealed record GrpoAdvantageSection : AdvantageSection
{
    /// <summary>What the difference is divided by.</summary>
    public required AdvantageNormalization Normalize { get; init; }

    /// <summary>Added to the standard deviation.</summary>
    public required double Epsilon { get; init; }

    /// <summary>The advantage of a rollout that is alone in its group.</summary>
    public required SingletonAdvantage Singleton { get; init; }
}

/// <summary>Reward minus the mean of the group's other rewards (RLOO, arXiv 2402.14740).</summary>
public sealed record RlooAdvantageSection : AdvantageSection
{
    /// <summary>Whether advantages are standardised over the step.</summary>
    public required bool Normalize { get; init; }

    /// <summary>The advantage of a rollout that is alone in its group.</summary>
    public required SingletonAdvantage Singleton { get; init; }
}

/// <summary>Reward minus the group's length-weighted mean (OPO, arXiv 2505.23585).</summary>
public sealed record OpoAdvantageSection : AdvantageSection;

/// <summary>Reward minus group mean, scaled up for the step's rewards of 0 (GPG, arXiv 2504.02546).</summary>
public sealed record GpgAdvantageSection : AdvantageSection
{
    /// <summary>Divides the advantages; above 0.</summary>
    public required double Norm { get; init; }
}

/// <summary>Only the best rollout of a group counts, by its lead over the second (pass@k).</summary>
public sealed record PassAtKAdvantageSection : AdvantageSection
{
    /// <summary>Whether the lead is divided by the group's standard deviation.</summary>
    public required bool Normalize { get; init; }

    /// <summary>Added to the standard deviation.</summary>
    public required double Epsilon { get; init; }
}

/// <summary>Reward minus group mean, divided by that mean (MaxRL).</summary>
public sealed record MaxRlAdvantageSection : AdvantageSection;

/// <summary>Reward minus a running mean for each agent (RAE, arXiv 2506.24119).</summary>
public sealed record RaeAdvantageSection : AdvantageSection
{
    /// <summary>Share of the running mean that stays; in [0, 1).</summary>
    public required double Decay { get; init; }
}

/// <summary>Several rewards, each normalised before they are added (GDPO).</summary>
public sealed record GdpoAdvantageSection : AdvantageSection
{
    /// <summary>Added to the standard deviations.</summary>
    public required double Epsilon { get; init; }

    /// <summary>What the sum is whitened over.</summary>
    public required GdpoWhitening Whiten { get; init; }
}

/// <summary>Whitened returns without a group baseline (REINFORCE++, arXiv 2501.03262).</summary>
public sealed record ReinforcePlusPlusAdvantageSection : AdvantageSection
{
    /// <summary>Discount for each token before the last; in (0, 1].</summary>
    public required double Gamma { get; init; }
}

/// <summary>Reward minus group mean, whitened over tokens (REINFORCE++ with baseline).</summary>
public sealed record ReinforcePlusPlusBaselineAdvantageSection : AdvantageSection
{
    /// <summary>What a rollout alone in its group has before whitening.</summary>
    public required SingletonAdvantage Singleton { get; init; }
}

/// <summary>Reward minus that of the greedy answer (ReMax, arXiv 2310.10505).</summary>
public sealed record RemaxAdvantageSection : AdvantageSection;

/// <summary>A baseline for each position, weighted by the tokens' gradient norms.</summary>
public sealed record OptimalTokenBaselineAdvantageSection : AdvantageSection
{
    /// <summary>Whether positions that only the longest rollout reaches have the baseline 0.</summary>
    public required bool ZeroTail { get; init; }
}

/// <summary>Reward minus a running value of the prompt (SPO, arXiv 2509.13232).</summary>
public sealed record SpoAdvantageSection : AdvantageSection
{
    /// <summary>Share of a prompt's evidence that stays from step to step; in [0, 1).</summary>
    public required double Decay { get; init; }
}

/// <summary>Reward minus the mean below each ancestor in the rollout tree, averaged (TreePO, arXiv 2508.17445).</summary>
public sealed record TreeAdvantageSection : AdvantageSection
{
    /// <summary>What the difference is divided by.</summary>
    public required AdvantageNormalization Normalize { get; init; }

    /// <summary>Added to the standard deviation.</summary>
    public required double Epsilon { get; init; }
}
