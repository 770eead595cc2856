namespace RolloutLab.Recipes;

/// <summary>Knapsack RL (arXiv 2509.25849).</summary>
public sealed record KnapsackBudgetSection : BoundedBudgetSection
{
    /// <summary>Confidence of seeing both outcomes up to which effective prompts are filled before the rest is spread, in (0, 1).</summary>
    public required double Confidence { get; init; }

    /// <summary>Whether what effective prompts cannot use goes to prompts that were never solved.</summary>
    public required bool Fallback { get; init; }
}

/// <summary>The knapsack under the posterior of the success rates.</summary>
public sealed record KnapsackBayesBudgetSection : PosteriorBudgetSection;

/// <summary>Rounds by uncertainty and exploration (XRPO, arXiv 2510.06672).</summary>
public sealed record XrpoBudgetSection : RoundsBudgetSection
{
    /// <summary>Rollouts of every prompt in the first round.</summary>
    public required int FirstRound { get; init; }

    /// <summary>Rollouts handed out in each later round.</summary>
    public required int RoundRollouts { get; init; }

    /// <inheritdoc/>
    public override bool HasLaterRounds => GoesBeyond(FirstRound, Bounds.NUp);

    /// <summary>Weight λ of the exploration bonus.</summary>
    public required double Exploration { get; init; }

    /// <summary>α of the 1 − α confidence interval of the mean reward, in (0, 1).</summary>
    public required double Alpha { get; init; }
}

/// <summary>The knapsack at the most promising rate in a confidence interval (CUCB, arXiv 1407.8339).</summary>
public sealed record UcbBudgetSection : BoundedBudgetSection
{
    /// <summary>Width of the interval.</summary>
    public required double Exploration { get; init; }
}

/// <summary>The knapsack at rates drawn from their posterior.</summary>
public sealed record ThompsonBudgetSection : PosteriorBudgetSection;

/// <summary>Rounds until one success (AR3PO, arXiv 2509.25808).</summary>
public sealed record AdaptiveBudgetSection : RoundsBudgetSection
{
    /// <summary>Rollouts a prompt without a success gets in each round.</summary>
    public required int RoundRollouts { get; init; }

    /// <inheritdoc/>
    public override bool HasLaterRounds => GoesBeyond(Bounds.NLow > 0 ? Bounds.NLow : RoundRollouts, Bounds.NUp);
}

/// <summary>Shares by pools of difficulty (prime-rl).</summary>
public sealed record DifficultyPoolBudgetSection : BoundedBudgetSection
{
    /// <summary>Weight of prompts whose last group's mean is at most <see cref="HardBelow"/>.</summary>
    public required double HardWeight { get; init; }

    /// <summary>Weight of prompts between the pools, and of those never seen.</summary>
    public required double NormalWeight { get; init; }

    /// <summary>Weight of prompts whose last group's mean is above <see cref="EasyAbove"/>.</summary>
    public required double EasyWeight { get; init; }

    /// <summary>Upper end of the hard pool, in [0, 1].</summary>
    public required double HardBelow { get; init; }

    /// <summary>Lower end of the easy pool, in [0, 1].</summary>
    public required double EasyAbove { get; init; }
}

/// <summary>One rollout for prompts sampled by the spread of their rewards (SPO, arXiv 2509.13232).</summary>
public sealed record SpoBudgetSection : BudgetSection
{
    /// <summary>Prompts that are sampled out of the step's prompts.</summary>
    public required int SampledPrompts { get; init; }

    /// <summary>Added to each prompt's weight, so that every prompt can be sampled.</summary>
    public required double Floor { get; init; }
}
